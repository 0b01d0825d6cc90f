import pytest

from eid_stream.core.errors import ConfigError
from eid_stream.core.ffmpeg.media_formats import FILE_FORMATS, STREAM_FORMATS
from eid_stream.sources.address import parse_network


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http", "https", "udp", "srt", "tcp", "rtp", "rtsps", "rtmps"])
def test_no_network_address_may_read_files(scheme: str) -> None:
    protocols = parse_network(f"{scheme}://host:1000/x").protocols.split(",")
    assert scheme in protocols
    assert not {"file", "pipe", "concat", "data", "subfile", "unix", "ftp"} & set(protocols)


@pytest.mark.parametrize("formats", [STREAM_FORMATS, FILE_FORMATS])
def test_no_format_that_opens_further_addresses_is_accepted(formats: str) -> None:
    accepted = set(formats.split(","))
    assert not {"hls", "dash", "concat", "sdp", "image2", "imf", "lavfi", "vobsub", "mlv"} & accepted
    assert not {"webm_dash_manifest", "alias_pix", "sap", "tedcaptions"} & accepted


def test_listening_is_asked_for_in_the_query() -> None:
    asked = parse_network("rtmp://0.0.0.0:1935/app?listen=1&name=a")
    assert (asked.url, asked.listen) == ("rtmp://0.0.0.0:1935/app?name=a", True)
    assert not parse_network("rtmp://host/app").listen


@pytest.mark.parametrize("address", ["gopher://host/x", "file:///etc/passwd", "concat://a"])
def test_unknown_schemes_are_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="streams start with"):
        parse_network(address)


def test_half_an_address_is_a_mistake_that_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        parse_network("http://[::1/feed")


@pytest.mark.parametrize(
    "address", ["rtsp://surgeon:Zq7xKw3v", "http://surgeon:Zq7xKw3v@[::1", "rtsp://a:Zq7xKw3v/x@h"]
)
def test_a_password_in_the_place_of_a_port_is_not_quoted(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_network(address)
    assert "Zq7xKw3v" not in str(caught.value)
