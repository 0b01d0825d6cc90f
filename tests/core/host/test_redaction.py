"""No message, log, statistic or label holds more of an address than where it is."""

import json
import logging
import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from benchmarks.attack.addresses.leaking_addresses import KINDS, SECRET, leaks
from eid_stream.core.errors import SourceOpenError
from eid_stream.core.host.redaction import redacted, redacted_text, redacted_values, remember

SECRETS = some.text(string.ascii_letters + string.digits + "-_.~!$&'()*+,;=:@/?# %\\\"<>{}|^`[]", min_size=8)
WORDS = some.text(string.ascii_lowercase, min_size=1, max_size=8)


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_is_printed_without_its_secret(kind: str) -> None:
    address = KINDS[kind].format(SECRET)
    assert not leaks(redacted(address))
    remember([address])
    assert not leaks(redacted_text(f"Cannot open {address}: no."))
    assert not leaks(str(SourceOpenError(f"Cannot open '{address}'. Is the sender running?")))


@given(secret=SECRETS, scheme=some.sampled_from(["rtsp", "rtmp", "https", "srt", "sftp", "HTTP", "a+b"]), user=WORDS)
def test_no_password_comes_out_whatever_it_is_made_of(secret: str, scheme: str, user: str) -> None:
    address = f"{scheme}://{user}:{secret}@host.example:554/feed?x={secret}#{secret}"
    remember([address])
    for printed in (redacted(address), redacted_text(f"It said {address!r}."), redacted_text(f"It said {address}")):
        assert secret not in printed
        assert (
            user not in printed.replace("host.example", "").replace("It said", "").replace(scheme, "") or len(user) < 3
        )


@given(key=some.text(string.ascii_letters + string.digits + "-_.~", min_size=8), depth=some.integers(0, 4))
def test_no_part_of_a_path_or_a_query_is_taken_for_harmless(key: str, depth: int) -> None:
    for address in (
        f"rtmp://host/{'app/' * depth}{key}",
        f"http://host/{key}/{'live/' * depth}index.m3u8",
        f"http://host/feed?{key}",
        f"http://host/feed?listen={key}x&{key}=1",
        f"http://host/feed;{key}?latency=20#{key}",
    ):
        assert key not in redacted(address)


@given(text=some.text())
def test_any_text_at_all_can_be_redacted_and_once_is_enough(text: str) -> None:
    once = redacted_text(text)
    assert redacted_text(once) == once
    redacted(text)


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ("rtsp://user:secret@10.0.0.2:554/live", "rtsp://10.0.0.2:554/live"),
        ("rtmp://host/app/abcd-efgh?quality=high", "rtmp://host/***?***"),
        ("srt://host:9000?passphrase=hidden1234&latency=20", "srt://host:9000?latency=20&***"),
        ("http://host/a/b.m3u8?access_token=abc", "http://host/***.m3u8?***"),
        ("http://host/live/index.m3u8", "http://host/live/index.m3u8"),
        ("udp://@239.0.0.1:5000?pkt_size=1316", "udp://239.0.0.1:5000?pkt_size=1316"),
        ("http://[fe80::1%eth0]:80/", "http://[fe80::1%eth0]:80/"),
        ("rtsp://surgeon:a/b@host/feed", "rtsp://***"),
        ("/videos/a?b=c.mp4", "/videos/a?b=c.mp4"),
        ("C:\\videos\\a@b.mp4", "C:\\videos\\a@b.mp4"),
        ("file:///videos/a@b.mp4", "file:///videos/a@b.mp4"),
        ("file:/surgeon:secret@host/b.mp4", "file:/host/***.mp4"),
        ("/dev/video0", "/dev/video0"),
        ("-", "-"),
        ("lavfi:testsrc2=size=64x48:rate=30", "lavfi:testsrc2=size=64x48:rate=30"),
        ("phantom:?size=64x48&realtime=1", "phantom:?size=64x48&realtime=1"),
        ("screen::1+100,50", "screen::1+100,50"),
    ],
)
def test_what_is_harmless_stays(address: str, printed: str) -> None:
    assert redacted(address) == printed


def test_sentences_with_addresses_in_them_stay_sentences() -> None:
    for sentence in (
        "streams start with one of rtsp://, rtsps://, udp://.",
        "Write rtsp://host:port/path.",
        "ffmpeg -i ADDRESS -c copy -f mpegts - | eid-stream --source -",
        "Metrics are served at http://127.0.0.1:9400/metrics.",
        "12:31:07 No signal: nothing came for 1.5 s. Trying again in 0.2 s.",
    ):
        assert redacted_text(sentence) == sentence


def test_statistics_are_cleaned_in_names_and_values() -> None:
    address = KINDS["RTMP stream key"].format(SECRET)
    cleaned = redacted_values(
        {"out": address, "faults": {f"record: {address} broke off": 3}, "list": [address, 1, None]}
    )
    assert not leaks(json.dumps(cleaned))
    assert (cleaned["list"][1:], list(cleaned["faults"].values())) == ([1, None], [3])


def test_what_the_live_path_logs_has_been_cleaned(caplog: pytest.LogCaptureFixture) -> None:
    error = SourceOpenError(f"Cannot open {KINDS['RTMP stream key'].format(SECRET)}.")
    logging.getLogger("eid_stream.live").warning("No signal: %s", error)
    assert "rtmp://127.0.0.1:1/***" in caplog.text
    assert not leaks(caplog.text)
