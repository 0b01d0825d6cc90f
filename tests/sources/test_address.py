import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.sources.address import STREAM_FORMATS, parse_network, redacted, without_secrets


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ("rtsp://user:secret@10.0.0.2:554/live", "rtsp://10.0.0.2:554/live"),
        ("rtsp://token@host/live", "rtsp://host/live"),
        ("rtmp://host/app?key=abc&quality=high", "rtmp://host/app?key=***&quality=high"),
        ("srt://host:9000?passphrase=hidden1234&latency=20", "srt://host:9000?passphrase=***&latency=20"),
        ("http://host/feed?access_token=abc", "http://host/feed?access_token=***"),
        ("udp://127.0.0.1:5000", "udp://127.0.0.1:5000"),
        ("/videos/a?b=c.mp4", "/videos/a?b=c.mp4"),
        ("lavfi:testsrc2=size=64x48", "lavfi:testsrc2=size=64x48"),
    ],
)
def test_addresses_are_printed_without_credentials(address: str, printed: str) -> None:
    assert redacted(address) == printed


def test_messages_of_libraries_lose_their_credentials_too() -> None:
    address = "rtsp://user:secret@host/live"
    assert without_secrets(f"cannot reach '{address}'", address) == "cannot reach 'rtsp://host/live'"


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http", "https", "udp", "srt", "tcp", "rtp", "rtsps", "rtmps"])
def test_no_network_address_may_read_files(scheme: str) -> None:
    protocols = parse_network(f"{scheme}://host:1000/x").protocols.split(",")
    assert scheme in protocols
    assert not {"file", "pipe", "concat", "data", "subfile", "unix", "ftp"} & set(protocols)


def test_no_format_that_opens_further_addresses_is_accepted_in_a_stream() -> None:
    assert not {"hls", "dash", "concat", "sdp", "image2", "imf", "lavfi"} & set(STREAM_FORMATS.split(","))


def test_listening_is_asked_for_in_the_query() -> None:
    asked = parse_network("rtmp://0.0.0.0:1935/app?listen=1&name=a")
    assert (asked.url, asked.listen) == ("rtmp://0.0.0.0:1935/app?name=a", True)
    assert not parse_network("rtmp://host/app").listen


@pytest.mark.parametrize("address", ["gopher://host/x", "file:///etc/passwd", "concat://a"])
def test_unknown_schemes_are_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="streams start with"):
        parse_network(address)
