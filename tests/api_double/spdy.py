# SPDX-License-Identifier: Apache-2.0
"""SPDY/3.1 frames as moby/spdystream speaks them: no flow control, one zlib stream of header blocks a direction."""
import struct
import zlib
from collections import namedtuple

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 1
PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 1, 3, 5

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization "
    "cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range "
    "content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified "
    "location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding "
    "upgrade user-agent vary via warning www-authenticate method get status").split() + ["200 OK", "version", "HTTP/1.1"] + (
        "url public set-cookie keep-alive origin").split()
_REST = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found"
    "500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
    "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,"
    "text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.")
# SPDY/3 draft, section 2.6.10.1: each word with its length as 32 bits before it, then the rest without lengths.
DICTIONARY = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS) + _REST.encode()

Frame = namedtuple("Frame", "control type flags stream body")


class HeaderCodec:
    """Both directions of one end; every block passes here in the order of the wire, or the streams fall apart."""

    def __init__(self):
        self._out = zlib.compressobj(zdict=DICTIONARY)
        self._in = zlib.decompressobj(zdict=DICTIONARY)

    def encode(self, headers):
        block = struct.pack(">I", len(headers))
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                block += struct.pack(">I", len(text)) + text
        return self._out.compress(block) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def decode(self, block):
        data = self._in.decompress(block)
        (count,), at, headers = struct.unpack_from(">I", data), 4, {}
        for _ in range(count):
            pair = []
            for _ in range(2):
                (length,) = struct.unpack_from(">I", data, at)
                pair.append(data[at + 4:at + 4 + length].decode())
                at += 4 + length
            headers[pair[0]] = pair[1]
        return headers


def control_frame(kind, flags, body):
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(body)) + body


def data_frame(stream, payload, fin=False):
    return struct.pack(">II", stream, (FIN if fin else 0) << 24 | len(payload)) + payload


async def read_frame(source):
    """The next Frame from anything with read_exactly()."""
    first, second = struct.unpack(">II", await source.read_exactly(8))
    flags, body = second >> 24, await source.read_exactly(second & 0xFFFFFF)
    if not first >> 31:
        return Frame(False, 0, flags, first, body)
    kind = first & 0xFFFF
    stream = struct.unpack_from(">I", body)[0] & 0x7FFFFFFF if kind in (SYN_STREAM, SYN_REPLY, RST_STREAM, HEADERS, WINDOW_UPDATE) else 0
    return Frame(True, kind, flags, stream, body)
