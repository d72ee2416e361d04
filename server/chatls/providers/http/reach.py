"""Whether a server can be reached, for who looks a machine over: name, proxy, connection, TLS. No key, no prompt."""

from contextlib import aclosing

from anyio import fail_after, to_thread

from chatls.errors import ProviderError
from chatls.providers.http.client import FAULTS, address, make_client
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.faults import connection_error
from chatls.providers.http.status import Origin
from chatls.providers.http.transport import RawRequest
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class ReachedServer:
    """A server that answered, whatever it said."""

    host: str
    status: int
    proxy: str
    """host:port of the proxy in between; "" where there is none."""


async def reach(endpoint: Endpoint, limit: float) -> ReachedServer:
    """Ask a server for its front page, as prompts would: through the same proxy, trusting the same certificates.

    Raises `ProviderError` with words for people.
    """
    origin = Origin(endpoint.name, address(endpoint.base_url).netloc.decode("ascii"), "", endpoint.start)
    proxy = ""
    try:
        try:
            client = await to_thread.run_sync(make_client, endpoint.base_url)
        except ValueError as error:
            raise origin.error("bad_request", f"cannot be asked: {error}.") from error
        proxy = client.proxy
        async with aclosing(client.transport):
            asked = RawRequest("HEAD", address(endpoint.base_url), {"accept": "*/*", "user-agent": "chatls"})
            with fail_after(limit):
                answer = await client.transport.ask(asked, limit)
            await answer.aclose()
            return ReachedServer(origin.host, answer.status, proxy)
    except ProviderError:
        raise
    except FAULTS as error:
        raise connection_error(origin, error, limit, proxy) from error
