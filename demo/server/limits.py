"""What the page takes on."""

from __future__ import annotations

from dataclasses import dataclass

from pix2pix import MAX_PIXELS


@dataclass(frozen=True)
class Limits:
    """The defaults suit two cores and 2 GB.

    users: requests that wait or run, of everybody together; one visitor may have half of them.
    rate, burst: requests a visitor may make in a second in the long run, and at once.
    message: bytes of a request that is no upload.
    upload: bytes of an upload, all its files together.
    upload_rate, upload_burst: bytes a visitor may upload in a second in the long run, and at once.
    streams: answers that a visitor may listen to at once.
    silence: seconds a visitor may take to send the next part of a request.
    job: seconds that the translation of uploaded pictures may take.
    pixels: of an uploaded picture.
    """

    users: int = 64
    rate: float = 50.0
    burst: float = 100.0
    message: int = 2_000_000
    upload: int = 128_000_000
    upload_rate: float = 2_000_000.0
    upload_burst: float = 256_000_000.0
    streams: int = 128
    silence: float = 20.0
    job: float = 300.0
    pixels: int = MAX_PIXELS
