"""The computer's end of the camera connection's test, asked by a peer as a browser is one."""

import asyncio
import gc

import httpx
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette

from pages.components.connection_test import TEST_ROUTES, answering
from tests.pages.provider_secrets import use_secrets
from tests.unit.test_stream_hub import run_alone

APP = Starlette(routes=TEST_ROUTES)
SHORT_S = 20.0


def ask(**body):
    """Send one offer; returns status and answer."""

    async def send():
        async with open_client() as client:
            return await client.post("/connection-test", **body)

    answer = run_alone(send)
    return answer.status_code, answer.json()


def open_client():
    return httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="https://192.168.1.20")


async def make_offer(peer):
    await peer.setLocalDescription(await peer.createOffer())
    return {"type": peer.localDescription.type, "sdp": peer.localDescription.sdp}


async def connect(client, peer):
    """Connect a peer as the browser does; returns its open channel."""
    channel = peer.createDataChannel("test")
    is_open = asyncio.Event()
    channel.add_listener("open", is_open.set)
    answer = await client.post("/connection-test", json=await make_offer(peer))
    assert answer.status_code == 200
    await peer.setRemoteDescription(RTCSessionDescription(**answer.json()))
    await asyncio.wait_for(is_open.wait(), SHORT_S)
    return channel


async def wait_until_nothing_runs():
    async with asyncio.timeout(SHORT_S):
        await asyncio.gather(*answering._ends, return_exceptions=True)


def test_what_is_sent_comes_back_and_the_peer_is_gone_afterwards(page_store):
    async def run():
        async with open_client() as client:
            peer = RTCPeerConnection()
            channel = await connect(client, peer)
            came = asyncio.Queue()
            channel.add_listener("message", came.put_nowait)
            channel.send("x" * 101)  # more than a ping, so it is not sent back
            channel.send("ping 0")
            assert await asyncio.wait_for(came.get(), SHORT_S) == "ping 0"
            assert len(answering._running) == 1
            await peer.close()
            await wait_until_nothing_runs()

    run_alone(run)
    gc.collect()


def test_a_test_that_nobody_ends_is_ended(page_store, monkeypatch):
    monkeypatch.setattr(answering, "LASTS_S", 0.2)

    async def run():
        async with open_client() as client:
            peer = RTCPeerConnection()
            peer.createDataChannel("test")
            answer = await client.post("/connection-test", json=await make_offer(peer))
            assert answer.status_code == 200
            await wait_until_nothing_runs()
            await peer.close()

    run_alone(run)


def test_only_a_few_are_tested_at_a_time(page_store, monkeypatch):
    monkeypatch.setattr(answering, "AT_ONCE", 1)

    async def run():
        async with open_client() as client:
            peers = [RTCPeerConnection() for _ in range(2)]
            for peer in peers:
                peer.createDataChannel("test")
            statuses = []
            for peer in peers:
                answer = await client.post("/connection-test", json=await make_offer(peer))
                statuses.append((answer.status_code, answer.json().get("error", "")))
            for peer in peers:
                await peer.close()
            for each in list(answering._ends):
                each.cancel()
            await wait_until_nothing_runs()
        assert statuses[0] == (200, "")
        assert statuses[1] == (429, "Other devices are being tested; try again in half a minute.")

    run_alone(run)


SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"


def test_what_is_no_offer_of_a_data_channel_is_a_sentence(page_store):
    wrong = [
        {"content": b""},
        {"content": b"\xff\x00"},
        {"json": []},
        {"json": "offer"},
        {"json": {"type": "offer"}},
        {"json": {"type": "offer", "sdp": 5}},
        {"json": {"type": "offer", "sdp": "x" * 1000}},
        {"json": {"type": "answer", "sdp": SDP + DATA}},
        {"json": {"type": "offer", "sdp": f"{SDP}m=video 9 UDP/TLS/RTP/SAVPF 96\r\n{DATA}"}},
        {"json": {"type": "offer", "sdp": SDP + DATA}},
        {"json": {"type": "offer", "sdp": DATA * 500}},
        {"content": b"x" * 70_000},
    ]
    for body in wrong:
        status, answer = ask(**body)
        assert status == 400, body
        assert answer["error"].endswith(".")
    assert not answering._running


def test_who_is_not_signed_in_is_not_tested(page_store, monkeypatch):
    use_secrets(monkeypatch)
    status, answer = ask(json={"type": "offer", "sdp": SDP + DATA})
    assert status == 401
    assert "sign in" in answer["error"]


def test_the_servers_of_whoever_asks_are_used(page_store, monkeypatch):
    page_store.save_preference("ice_servers", '[["turn:127.0.0.1:9", "coach", "pw"]]')
    used = []
    real = answering._to_aiortc
    monkeypatch.setattr(answering, "_to_aiortc", lambda each: used.append(each) or real(each))
    ask(json={"type": "offer", "sdp": SDP + DATA})
    assert [(each.url, each.username, each.credential) for each in used] == [
        ("turn:127.0.0.1:9", "coach", "pw")
    ]
    made = real(used[0])
    assert (made.urls, made.username, made.credential) == ("turn:127.0.0.1:9", "coach", "pw")


@pytest.fixture(autouse=True)
def nothing_runs():
    yield
    assert not answering._running
