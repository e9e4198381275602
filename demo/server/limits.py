"""The limits of the page."""

from __future__ import annotations

from dataclasses import dataclass

from pix2pix import MAX_PIXELS


@dataclass(frozen=True)
class Limits:
    """Limits; the defaults suit two cores and 2 GB.

    Attributes:
        users: waiting and running requests of all visitors; one visitor may have half of them.
        rate, burst: a visitor's requests per second in the long run, and at once.
        message: bytes of a request that is not an upload.
        upload: bytes of an upload, with all its files.
        upload_rate, upload_burst: bytes that a visitor uploads per second in the long run, and at once.
        streams: a visitor's open answers.
        silence: seconds until the next part of a request must arrive.
        job: seconds for the translation of uploaded pictures.
        pixels: pixels of an uploaded picture.
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
