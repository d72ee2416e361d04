"""The part of xllamacpp that chatls uses; the package itself is compiled and carries no types."""

class _Model:
    path: str

class _Threads:
    n_threads: int

class CommonParams:
    model: _Model
    cpuparams: _Threads
    cpuparams_batch: _Threads
    n_ctx: int
    n_parallel: int
    cache_ram_mib: int
    use_jinja: bool
    chat_template: str
    warmup: bool
    offline: bool
    ui: bool
    endpoint_slots: bool
    verbosity: int
    hostnames: list[str]
    port: int
    api_keys: list[str]

class Server:
    def __init__(self, params: CommonParams) -> None:
        """Raises `RuntimeError` if the model cannot be loaded."""
    @property
    def listening_address(self) -> str: ...
