"""Addresses with secrets in every place where one can stand, and how to look for what came out of them."""

from urllib.parse import quote

SECRET = "Zq7xKw3v"
"""What must not come out; no part of three characters of it occurs in any message."""

KINDS = {
    "RTSP password": "rtsp://surgeon:{0}@127.0.0.1:1/feed",
    "RTSP user only": "rtsp://{0}@127.0.0.1:1/feed",
    "password without a host": "rtsp://surgeon:{0}",
    "password with an at sign": "rtsp://surgeon:x@{0}@127.0.0.1:1/feed",
    "password with two at signs": "rtsp://surgeon:@{0}@@127.0.0.1:1/feed",
    "password with a slash": "rtsp://surgeon:x/{0}@127.0.0.1:1/feed",
    "password with a slash in front": "rtsp://surgeon:{0}/x@127.0.0.1:1/feed",
    "password with a space": "rtsp://surgeon:x {0}@127.0.0.1:1/feed",
    "password with two spaces": "rtsp://surgeon:x  {0}@127.0.0.1:1/feed",
    "password with a question mark": "rtsp://surgeon:x?{0}@127.0.0.1:1/feed",
    "password with a hash": "rtsp://surgeon:x#{0}@127.0.0.1:1/feed",
    "password with a colon": "rtsp://surgeon:x:{0}@127.0.0.1:1/feed",
    "password with a quote": "rtsp://surgeon:x'{0}@127.0.0.1:1/feed",
    "password with double quotes": 'rtsp://surgeon:x"{0}"@127.0.0.1:1/feed',
    "password with a backslash": "rtsp://surgeon:x\\{0}@127.0.0.1:1/feed",
    "password with a line break": "rtsp://surgeon:x\n{0}@127.0.0.1:1/feed",
    "password with a percent sign": "rtsp://surgeon:%40{0}@127.0.0.1:1/feed",
    "password with braces": "rtsp://surgeon:{{x}}{0}@127.0.0.1:1/feed",
    "host of version 6": "rtsp://surgeon:{0}@[::1]:1/feed",
    "half a host of version 6": "http://surgeon:{0}@[::1",
    "RTMP stream key": "rtmp://127.0.0.1:1/live/{0}",
    "RTMP stream key with words": "rtmp://127.0.0.1:1/live/theatre-{0}-3",
    "RTMPS stream key": "rtmps://127.0.0.1:1/app/{0}",
    "RTMP key in the query": "rtmp://127.0.0.1:1/app/x?key={0}",
    "playlist behind a token": "http://127.0.0.1:1/{0}/index.m3u8",
    "playlist named after a token": "http://127.0.0.1:1/{0}.m3u8",
    "WHEP path": "https://127.0.0.1:1/whep/{0}",
    "parameter of the path": "http://127.0.0.1:1/feed;jsessionid={0}",
    "parameter in the middle": "http://127.0.0.1:1/feed;token={0}/index.m3u8",
    "fragment": "http://127.0.0.1:1/feed#access_token={0}",
    "bare query": "http://127.0.0.1:1/feed?{0}",
    "second query": "http://127.0.0.1:1/feed?listen=0?x={0}",
    "signature with harmless names": "http://127.0.0.1:1/feed?width={0}&fps=30",
    "encoded query": "http://127.0.0.1:1/feed?%70w={0}",
    "SRT passphrase": "srt://127.0.0.1:1?mode=caller&passphrase={0}",
    "SRT stream id": "srt://127.0.0.1:1?streamid=#!::r=x,u={0}",
    "UDP local address": "udp://{0}@127.0.0.1:1",
    "upper case": "RTSP://SURGEON:{0}@127.0.0.1:1/FEED",
    "blanks around it": " rtsp://surgeon:{0}@127.0.0.1:1/feed ",
    "SFTP": "sftp://surgeon:{0}@127.0.0.1/op.mp4",
    "FTP": "ftp://surgeon:{0}@127.0.0.1/op.mp4",
    "SMB": "smb://surgeon:{0}@127.0.0.1/share/op.mp4",
    "S3": "s3://key:{0}@bucket/op.mp4",
    "one slash": "sftp:/surgeon:{0}@127.0.0.1/op.mp4",
    "no scheme": "//surgeon:{0}@127.0.0.1/op.mp4",
    "as for scp": "surgeon:{0}@127.0.0.1:/op.mp4",
    "FFmpeg's crypto": "crypto+http://surgeon:{0}@127.0.0.1:1/a.ts",
    "FFmpeg's concat": "concat:http://surgeon:{0}@127.0.0.1:1/a|http://x:{0}@127.0.0.1:1/b",
    "FFmpeg's subfile": "subfile,,start,0,end,9,,:http://surgeon:{0}@127.0.0.1:1/a.ts",
    "FFmpeg's tee": "tee:[f=flv]rtmp://127.0.0.1:1/app/{0}",
    "data": "data://{0}",
    "a host of its own in a file address": "file://surgeon:{0}@127.0.0.1/op.mp4",
    **{
        f"query {name}": f"http://127.0.0.1:1/feed?{name}={{0}}"
        for name in "pw pwd pass password jwt session sid psk token key apikey sig signature auth code ticket".split()  # noqa: SIM905
    },
}
"""Kinds of addresses by what is odd about them; ``{0}`` is the secret."""


def leaks(text: str, secret: str = SECRET) -> bool:
    """Whether a text lets out a secret: whole, encoded, turned round, or the better part of it."""
    lowered = text.lower()
    parts = {secret, quote(secret), secret[::-1], secret[: len(secret) // 2 + 1], secret[len(secret) // 2 - 1 :]}
    return any(part.lower() in lowered for part in parts)
