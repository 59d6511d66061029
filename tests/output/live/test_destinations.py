import socket

import mido
import pytest

from sonify.errors import SonifyError
from sonify.output.live.destinations import Destination, destinations, find
from tests.recorder import NOTE_ON, Recorder


def test_a_port_is_found_by_name_by_part_and_by_number(recorder: Recorder):
    there = destinations()
    port = Destination("jack", recorder.name)
    assert port in there
    assert find(recorder.name) == port
    assert find("RECORDER") == port
    assert find(str(there.index(port) + 1)) == port
    assert find(recorder.name, "jack") == port


def test_an_exact_name_goes_before_a_part_of_others(recorder: Recorder):
    with Recorder("x-sonify-recorder"):
        assert find(recorder.name).name == recorder.name
        with pytest.raises(SonifyError, match=r"several ports match 'recorder'.*“x-sonify-reco"):
            find("recorder")
        with pytest.raises(SonifyError, match=r"which port\? Choose one"):
            find(None)


def test_no_such_port(recorder: Recorder):
    with pytest.raises(SonifyError, match=f"no port 'nonsense'; there are: .*{recorder.name}"):
        find("nonsense")
    with pytest.raises(SonifyError, match="no port '99'"):
        find("99")
    with pytest.raises(SonifyError, match="isn't there any more"):
        Destination("jack", "nonsense").open()


def test_no_midi_system(monkeypatch, capfd):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "none-of-this-name")
    with pytest.raises(SonifyError, match="no MIDI system jack running"):
        find("any", "jack")
    with pytest.raises(SonifyError, match="no MIDI system winmm running"):
        destinations("winmm")
    assert capfd.readouterr() == ("", "")  # JACK's library would like to print


def test_a_port_of_our_own_is_seen_by_others(recorder: Recorder):
    import rtmidi

    output = find("Novel", "jack", virtual=True).open()
    listener = rtmidi.MidiIn(rtmidi.API_UNIX_JACK)
    names = listener.get_ports()
    assert "sonify:Novel" in names
    listener.open_port(names.index("sonify:Novel"))
    output.send(mido.Message("note_on", note=61))
    heard: list[object] = []
    recorder.wait(lambda: heard.append(listener.get_message()) or any(heard), 5)
    assert next(filter(None, heard))[0][:2] == [NOTE_ON, 61]
    output.close()
    listener.delete()


def test_a_port_whose_number_has_changed_is_found_again(recorder: Recorder):
    assert Destination("jack", "sonify-recorder:in").find_again() is not None
    with Recorder("fluid-1234"):
        again = Destination("jack", "fluid-99:in").find_again()
        assert again == Destination("jack", "fluid-1234:in")
    assert Destination("jack", "fluid-1234:in").find_again() is None


def test_over_the_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        destination = find(f"tcp://127.0.0.1:{number}")
        assert str(destination) == f"tcp://127.0.0.1:{number}"
        output = destination.open()
        connection, _ = server.accept()
        output.send(mido.Message("note_on", note=60, velocity=5))
        assert connection.recv(10) == bytes([NOTE_ON, 60, 5])
        connection.close()
    with pytest.raises(SonifyError, match=f"nobody listens at tcp://127.0.0.1:{number}"):
        destination.open()


@pytest.mark.parametrize("address", ["tcp://", "tcp://host", "tcp://host:x", "tcp://h:99999"])
def test_what_is_no_address(address: str):
    with pytest.raises(SonifyError, match="write tcp://HOST:PORT"):
        find(address)


@pytest.mark.parametrize("host", ["a..b", "a" * 300])
def test_what_is_no_hosts_name(host: str):
    with pytest.raises(SonifyError, match="no host has such a name"):
        find(f"tcp://{host}:9").open()
