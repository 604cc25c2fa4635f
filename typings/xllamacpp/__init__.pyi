class ModelParams:
    path: str

class CpuParams:
    n_threads: int

class SamplingParams:
    temp: float

class CommonParams:
    model: ModelParams
    hostnames: list[str]
    port: int
    api_keys: list[str]
    ui: bool
    verbosity: int
    n_ctx: int
    n_parallel: int
    n_gpu_layers: int
    n_batch: int
    n_ubatch: int
    cpuparams: CpuParams
    cpuparams_batch: CpuParams
    use_jinja: bool
    chat_template: str
    cache_prompt: bool
    cache_ram_mib: int
    no_extra_bufts: bool
    slot_save_path: str
    sampling: SamplingParams

class Server:
    def __init__(self, params: CommonParams) -> None: ...
    listening_address: str
