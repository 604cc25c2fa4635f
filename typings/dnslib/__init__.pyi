class DNSError(Exception): ...

class RD:
    def __init__(self, data: bytes = ...) -> None: ...

class A(RD):
    def __init__(self, data: str) -> None: ...

class AAAA(RD):
    def __init__(self, data: str) -> None: ...

class CNAME(RD):
    def __init__(self, label: str | None = ...) -> None: ...

class DNSLabel: ...

class DNSHeader:
    id: int
    rcode: int
    aa: int
    ra: int
    tc: int
    def get_rcode(self) -> int: ...

class DNSQuestion:
    qname: DNSLabel
    qtype: int
    def __init__(self, qname: str | None = ..., qtype: int = ..., qclass: int = ...) -> None: ...

class RR:
    rname: DNSLabel
    rtype: int
    ttl: int
    rdata: RD
    def __init__(
        self, rname: str | None = ..., rtype: int = ..., rclass: int = ..., ttl: int = ..., rdata: RD | None = ...
    ) -> None: ...

class DNSRecord:
    header: DNSHeader
    q: DNSQuestion
    questions: list[DNSQuestion]
    rr: list[RR]
    @classmethod
    def parse(cls, packet: bytes) -> DNSRecord: ...
    @classmethod
    def question(cls, qname: str, qtype: str = ..., qclass: str = ...) -> DNSRecord: ...
    def reply(self, ra: int = ..., aa: int = ...) -> DNSRecord: ...
    def add_answer(self, *rr: RR) -> None: ...
    def pack(self) -> bytes: ...
