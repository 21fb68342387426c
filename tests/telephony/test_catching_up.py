"""The relay's line was down: afterwards it asks which calls run, and makes good what it missed, over a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from service_desk.telephony.actions import add_extension
from service_desk.telephony.ami import AmiAddress, AmiConnection
from service_desk.telephony.catching_up import ACTION_ID
from service_desk.telephony.models import Call, CallEvent
from service_desk.telephony.relay import Relay
from tests.factories import staff
from tests.telephony.driver_case import DriverCase
from tests.telephony.senders import administrator, pbx

pytestmark = pytest.mark.django_db

# As Asterisk 18 answers: two running calls (one talking, one ringing), and an event of a third between the lines.
ANSWER = f"""\
Response: Success
ActionID: {ACTION_ID}
EventList: start
Message: Channels will follow

Event: CoreShowChannel
ActionID: {ACTION_ID}
Channel: PJSIP/8006-0000001b
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 8006
ConnectedLineNum: 013865479012
Exten:
Uniqueid: 1795286000.72
Linkedid: 1795286000.71
BridgeId: 4b5b-77
Duration: 00:01:30

Event: CoreShowChannel
ActionID: {ACTION_ID}
Channel: PJSIP/trunk-0000001a
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 013865479012
ConnectedLineNum: 8006
Exten: 4008001234
Uniqueid: 1795286000.71
Linkedid: 1795286000.71
BridgeId: 4b5b-77
Duration: 00:01:42

Event: Newchannel
Timestamp: 1795286100.250000
Channel: PJSIP/trunk-0000001e
CallerIDNum: 013700001111
Exten: 4008001234
Uniqueid: 1795286100.80
Linkedid: 1795286100.80

Event: CoreShowChannel
ActionID: {ACTION_ID}
Channel: PJSIP/trunk-0000001c
ChannelState: 4
ChannelStateDesc: Ring
CallerIDNum: 075582918888
Exten: 4008001234
Uniqueid: 1795286090.75
Linkedid: 1795286090.75
BridgeId:
Duration: 00:00:09

Event: CoreShowChannel
ActionID: {ACTION_ID}
Channel: PJSIP/8010-0000001d
ChannelState: 5
ChannelStateDesc: Ringing
CallerIDNum: 8010
Uniqueid: 1795286090.76
Linkedid: 1795286090.75
BridgeId:
Duration: 00:00:06

Event: CoreShowChannelsComplete
ActionID: {ACTION_ID}
EventList: Complete
ListItems: 4

"""


@contextmanager
def manager(answer: str, before: str = "") -> Iterator[AmiAddress]:
    """A manager that tells `before` after the login, and `answer` when it is asked for the running calls."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def play() -> None:
        line, _peer = server.accept()
        with line, line.makefile("rb") as asked:
            line.sendall(b"Asterisk Call Manager/9.0.0\r\n")
            for said in (f"Response: Success\n\n{before}", answer):
                while (text := asked.readline()) and text.strip():
                    pass
                line.sendall(said.replace("\n", "\r\n").encode())
            line.shutdown(socket.SHUT_WR)
            while asked.readline():
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
    made = Relay(pbx(kind="asterisk", name="总部 Asterisk").integration, AmiAddress("", 0, "", ""))
    for extension in ("8006", "8010"):
        add_extension(
            actor=administrator(),
            integration=made.integration,
            extension=extension,
            staff=staff(f"at{extension}"),
            valid_from=DriverCase.before_everything(),
        )
    return made


def calls() -> dict[str, Any]:
    return {call.call_id: call for call in Call.objects.select_related("agent")}


def test_running_calls_that_nobody_heard_of_are_there_after_the_line_is_up_again(relay: Relay) -> None:
    with manager(ANSWER) as relay.address:
        relay.read_once()
    assert relay.refused == 0
    talking, ringing = (calls()[number] for number in ("1795286000.71", "1795286090.75"))
    began = calls()["1795286100.80"]
    assert (talking.state, talking.direction, talking.customer_e164) == ("answered", "inbound", "+8613865479012")
    assert (talking.agent.username, talking.extensions_rung) == ("at8006", ["8006"])
    assert talking.answered_at - talking.started_at == timedelta(seconds=12)
    assert (ringing.state, ringing.extensions_rung, ringing.answered_at) == ("ringing", ["8010"], None)
    assert began.ended_at is None, "what began while the list was told is not taken for over"


def test_what_ended_while_nobody_listened_is_ended_and_nobody_is_blamed(relay: Relay) -> None:
    with manager(ANSWER) as relay.address:
        relay.read_once()
    nothing = f"Event: CoreShowChannelsComplete\nActionID: {ACTION_ID}\nEventList: Complete\nListItems: 0\n\n"
    with manager(nothing) as relay.address:
        relay.read_once()
    found = calls()
    assert (found["1795286000.71"].state, found["1795286000.71"].ended_by) == ("ended", "unknown")
    assert found["1795286090.75"].state == "missed"
    assert not found["1795286000.71"].facts.filter(rule="T5").exists()


def test_asking_again_adds_nothing_to_what_is_known(relay: Relay) -> None:
    for _time in range(2):
        with manager(ANSWER) as relay.address:
            relay.read_once()
    assert CallEvent.objects.filter(call__call_id="1795286000.71").count() == 3
    assert CallEvent.objects.filter(call__call_id="1795286090.75").count() == 2
    assert relay.refused == 0


def test_a_list_that_was_broken_off_ends_nothing(relay: Relay) -> None:
    with manager(ANSWER) as relay.address:
        relay.read_once()
    with manager(ANSWER.partition("Event: CoreShowChannel\n")[0]) as relay.address:
        relay.read_once()
    assert calls()["1795286000.71"].state == "answered"


def test_the_question_is_one_message_whatever_the_id() -> None:
    with manager("") as address:
        line = AmiConnection(address)
        line.ask_running("a\r\nAction: Originate")
        line.close()
    assert not Call.objects.exists()
