"""Asterisk's manager: a recorded dialogue, played by a real socket, read by the relay and its command."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from service_desk.telephony.actions import add_extension
from service_desk.telephony.ami import AmiAddress, AmiConnection, AmiError
from service_desk.telephony.drivers.asterisk import AmiMapper
from service_desk.telephony.models import Call, CallEvent, CallFact
from service_desk.telephony.reading import read_event
from service_desk.telephony.relay import Relay
from tests.factories import staff
from tests.telephony.driver_case import DriverCase
from tests.telephony.senders import administrator, pbx

DIALOGUE = (Path(__file__).with_name("ami_dialogue.txt")).read_text(encoding="utf-8")


@contextmanager
def manager(
    dialogue: str, *, secret: str = "geheim", greeting: str = "Asterisk Call Manager/9.0.0"
) -> Iterator[AmiAddress]:
    """A manager that plays a recorded dialogue to whoever logs in rightly, in uneven pieces, then hangs up."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def play() -> None:
        line, _peer = server.accept()
        with line, line.makefile("rb") as asked:
            line.sendall(f"{greeting}\r\n".encode())
            login: dict[str, str] = {}
            while text := asked.readline().decode().strip():
                key, _colon, value = text.partition(": ")
                login[key] = value
            if login.get("Secret") != secret:
                line.sendall(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
                return
            raw = (
                "Response: Success\r\nMessage: Authentication accepted\r\n\r\n" + dialogue.replace("\n", "\r\n")
            ).encode()
            for begin in range(0, len(raw), 37):
                line.sendall(raw[begin : begin + 37])
            with suppress(OSError):  # the relay has hung up already
                line.shutdown(socket.SHUT_WR)
                while asked.readline():  # left unread, it would break the line before all was heard
                    pass

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    try:
        yield AmiAddress("127.0.0.1", server.getsockname()[1], "desk", "geheim")
    finally:
        thread.join(timeout=10)
        server.close()


@pytest.fixture
def relay() -> Relay:
    return Relay(pbx(kind="asterisk", name="总部 Asterisk").integration, AmiAddress("", 0, "", ""))


@pytest.mark.django_db
def test_a_recorded_dialogue_becomes_calls(relay: Relay) -> None:
    agent = staff()
    add_extension(
        actor=administrator(),
        integration=relay.integration,
        extension="8006",
        staff=agent,
        valid_from=DriverCase.before_everything(),
    )
    with manager(DIALOGUE) as relay.address:
        relay.read_once()
    calls = {call.call_id: call for call in Call.objects.all()}
    assert relay.refused == 0
    answered = calls["1795285600.41"]
    assert (answered.state, answered.direction, answered.customer_e164) == ("ended", "inbound", "+8613865479012")
    assert (answered.line_number, answered.queue, answered.agent) == ("4008001234", "售后", agent)
    assert answered.extensions_rung == ["8006", "8010"]
    assert (answered.ring_count, answered.hold_seconds) == (4, [20.0])
    assert (answered.cause, answered.ended_by) == ("normal", "agent")
    facts = dict(CallFact.objects.filter(call=answered).values_list("rule", "verdict"))
    assert facts == {"T1": "breached", "T4": "breached", "T5": "breached"}
    missed, outbound, passed_on = (calls[f"1795285{number}"] for number in ("700.50", "800.60", "900.70"))
    assert (missed.state, missed.cause, missed.ended_by) == ("missed", "abandoned", "customer")
    assert (outbound.direction, outbound.customer_number, outbound.extension) == ("outbound", "13912345678", "8006")
    assert outbound.state == "ended"
    assert [transfer["to"] for transfer in passed_on.transfers] == ["8010"]
    assert passed_on.cause == "transferred"


@pytest.mark.django_db
def test_the_same_dialogue_again_adds_nothing(relay: Relay) -> None:
    for _time in range(2):
        with manager(DIALOGUE) as relay.address:
            relay.read_once()
    assert CallEvent.objects.count() * 2 == relay.taken


def test_every_event_of_the_mapper_is_valid_native_form() -> None:
    mapper = AmiMapper(lambda: DriverCase.before_everything())
    items = [item for message in _messages() for item in mapper.events(message)]
    assert len(items) > 15
    for item in items:
        read_event(item)
    assert mapper.calls == {}, "what has ended is forgotten"


def test_a_relay_that_joins_in_the_middle_of_a_call_makes_the_best_of_it() -> None:
    messages = _messages()
    for skipped in range(len(messages)):
        mapper = AmiMapper(lambda: DriverCase.before_everything())
        for message in messages[skipped:]:
            for item in mapper.events(message):
                read_event(item)


@pytest.mark.parametrize(
    ("more", "why"), [({"secret": "other"}, "Authentication failed"), ({"greeting": "SSH-2.0"}, "no Asterisk manager")]
)
def test_a_manager_that_refuses_is_told_as_such(more: dict[str, str], why: str) -> None:
    with manager("", **more) as address, pytest.raises(AmiError, match=why):
        AmiConnection(address)


def test_a_silent_line_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = AmiAddress("127.0.0.1", server.getsockname()[1], "desk", "geheim")
        with pytest.raises(AmiError, match="silent"):
            AmiConnection(address, silence_seconds=0.05)


@pytest.mark.django_db
def test_the_command_runs_until_told_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx(kind="asterisk", name="总部")
    (tmp_path / "secret").write_text("geheim\n")
    once = Relay.read_once

    def read_once(self: Relay) -> None:
        self.stop.set()
        once(self)

    monkeypatch.setattr(Relay, "read_once", read_once)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    options: dict[str, Any] = {"username": "desk", "secret_file": tmp_path / "secret"}
    with manager(DIALOGUE) as address:
        call_command("relay_asterisk", "总部", host=address.host, port=address.port, **options)
    assert Call.objects.exists()
    with pytest.raises(CommandError, match="no active Asterisk"):
        call_command("relay_asterisk", "nobody", **options)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("relay_asterisk", "总部", username="desk", secret_file=tmp_path / "none")


def test_a_relay_whose_line_is_down_tries_again_until_it_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []
    down = Relay(integration=None, address=AmiAddress("", 0, "", ""))  # type: ignore[arg-type]

    def read_once() -> None:
        tries.append(1)
        if len(tries) == 3:
            down.stop.set()
        raise AmiError("down")

    down.read_once = read_once  # type: ignore[method-assign]
    down.stop.wait = lambda timeout=None: down.stop.is_set()  # type: ignore[method-assign]
    down.run()
    assert len(tries) == 3
    assert "trying again" in caplog.text


@pytest.mark.django_db
def test_a_relay_is_ended_in_the_middle_of_a_silence(relay: Relay) -> None:
    """The manager says nothing more and keeps the line; the relay is told to end by another thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay.address = AmiAddress("127.0.0.1", server.getsockname()[1], "desk", "geheim")
        ended = threading.Event()

        def keep_silent() -> None:
            line, _peer = server.accept()
            with line:
                line.sendall(b"Asterisk Call Manager/9.0.0\r\nResponse: Success\r\n\r\n")
                while relay._connection is None and not ended.is_set():
                    ended.wait(0.01)
                relay.end()
                ended.wait(10)

        thread = threading.Thread(target=keep_silent, daemon=True)
        thread.start()
        relay.run()
        ended.set()
        thread.join(timeout=10)
    assert relay.stop.is_set()
    assert not thread.is_alive()


def _messages() -> list[dict[str, str]]:
    found = []
    for block in DIALOGUE.strip().split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        found.append({key.strip(): value.strip() for key, _colon, value in pairs})
    return found
