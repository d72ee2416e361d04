"""A small typed client of the daemon: starts it, asks it, and hands out what it says as it comes."""

from chatls_client.asked import FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.client import Client, Message, to_uri
from chatls_client.errors import ClientError, DaemonError, ProtocolError, RpcError
from chatls_client.protocol import Elicitation
from chatls_client.turn import Turn

__all__ = [
    "Client",
    "ClientError",
    "DaemonError",
    "Elicitation",
    "FormAnswer",
    "Message",
    "PermissionAnswer",
    "PermissionQuestion",
    "ProtocolError",
    "RpcError",
    "Turn",
    "to_uri",
]
