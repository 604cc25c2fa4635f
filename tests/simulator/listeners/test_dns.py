"""The DNS server: each mode, over UDP and TCP, and what it does with nonsense."""

import asyncio
import struct
from collections.abc import AsyncGenerator

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.simulator.listeners.dns import PUBLIC, DnsMode, DnsServer, Name, reply

pytestmark = pytest.mark.anyio

HOST = "rehearsal.openai.azure.com"
PRIVATE = "rehearsal.privatelink.openai.azure.com"
TYPES = {1: "A", 5: "CNAME", 28: "AAAA"}


class _One(asyncio.DatagramProtocol):
    def __init__(self, heard: "asyncio.Future[bytes]") -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        if not self._heard.done():
            self._heard.set_result(data)


async def ask(server: DnsServer, name: str = HOST, kind: str = "A", *, patience_s: float = 2) -> dnslib.DNSRecord | None:
    """Ask over UDP; None where no answer comes."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _One(heard), remote_addr=("127.0.0.1", server.port))
    try:
        transport.sendto(dnslib.DNSRecord.question(name, kind).pack())
        async with asyncio.timeout(patience_s):
            return dnslib.DNSRecord.parse(await heard)
    except TimeoutError:
        return None
    finally:
        transport.close()


def told(record: dnslib.DNSRecord | None) -> list[tuple[str, str]]:
    """Return type and data of each record of an answer."""
    return [(TYPES[one.rtype], str(one.rdata).rstrip(".")) for one in record.rr] if record else []


@pytest.fixture
async def dns(anyio_backend: str) -> AsyncGenerator[DnsServer, None]:
    """A server that knows one name behind privatelink."""
    del anyio_backend
    name = Name(addresses=("10.60.0.4", "fd00::4"), aliases=(PRIVATE,))
    async with DnsServer({HOST: name}) as server:
        yield server


def mode(dns: DnsServer, chosen: DnsMode, delay_s: float = 0.05) -> None:
    """Answer the name in another mode from now on."""
    dns.set(HOST, dns.get(HOST).model_copy(update={"mode": chosen, "delay_s": delay_s}))


@pytest.mark.parametrize(("kind", "address"), [("A", "10.60.0.4"), ("AAAA", "fd00::4")])
async def test_a_name_leads_through_its_aliases_to_an_address_of_the_kind_asked_for(
    dns: DnsServer, kind: str, address: str
) -> None:
    assert told(await ask(dns, kind=kind)) == [("CNAME", PRIVATE), (kind, address)]


async def test_names_are_the_same_in_capitals(dns: DnsServer) -> None:
    assert told(await ask(dns, HOST.upper()))[-1] == ("A", "10.60.0.4")
    assert dns.asked(HOST) == 1


async def test_an_unknown_name_does_not_exist(dns: DnsServer) -> None:
    answer = await ask(dns, "other.openai.azure.com")
    assert answer is not None
    assert answer.header.rcode == 3


@pytest.mark.parametrize(("chosen", "rcode"), [("nxdomain", 3), ("servfail", 2), ("no-address", 0)])
async def test_a_known_name_may_fail(dns: DnsServer, chosen: DnsMode, rcode: int) -> None:
    mode(dns, chosen)
    answer = await ask(dns)
    assert answer is not None
    assert answer.header.rcode == rcode
    assert ("A", "10.60.0.4") not in told(answer)


async def test_an_unlinked_zone_leads_to_the_public_address_by_the_same_aliases(dns: DnsServer) -> None:
    mode(dns, "public")
    assert told(await ask(dns)) == [("CNAME", PRIVATE), ("A", PUBLIC)]


async def test_a_rebinding_name_is_private_once_and_public_then(dns: DnsServer) -> None:
    mode(dns, "rebind")
    assert [told(await ask(dns))[-1] for _ in range(3)] == [("A", "10.60.0.4"), ("A", PUBLIC), ("A", PUBLIC)]


async def test_a_dropped_question_is_never_answered(dns: DnsServer) -> None:
    mode(dns, "drop")
    assert await ask(dns, patience_s=0.2) is None
    assert dns.asked(HOST) == 1


async def test_a_slow_answer_comes_in_the_end(dns: DnsServer) -> None:
    mode(dns, "slow", delay_s=0.2)
    assert await ask(dns, patience_s=0.05) is None
    assert told(await ask(dns))[-1] == ("A", "10.60.0.4")


async def test_the_same_answers_come_over_tcp_one_after_another(dns: DnsServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", dns.port)
    for kind in ("A", "AAAA"):
        query = dnslib.DNSRecord.question(HOST, kind).pack()
        writer.write(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        assert told(dnslib.DNSRecord.parse(await reader.readexactly(length)))[-1][0] == kind
    writer.close()
    await writer.wait_closed()


@given(query=st.binary(max_size=80))
def test_nonsense_is_not_answered_with_an_error_of_ours(query: bytes) -> None:
    assert reply(query, {}, 0).delay_s == 0


@pytest.mark.parametrize("address", ["10.0.0.256", "name.example", ""])
def test_an_address_is_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        Name(addresses=(address,))


async def test_a_port_of_choice_serves_both_protocols() -> None:
    async with DnsServer() as first:
        port = first.port
    async with DnsServer({HOST: Name(addresses=("10.0.0.1",))}, port=port) as second:
        assert second.port == port
        assert told(await ask(second)) == [("A", "10.0.0.1")]
