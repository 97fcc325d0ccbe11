"""What a file is known by: SHA-256 of the whole for every common tool, and of each piece for browsers.

Browsers bring SHA-256 along only for what is in memory at once. Piece by piece it is theirs that runs, twenty
times as fast as one written in JavaScript (53 MB a second), and memory stays small.
"""

import hashlib
import zlib

PIECE = 16 << 20  # bytes


class Hashes:
    """Takes a file's bytes in order."""

    def __init__(self) -> None:
        self.size = 0  # bytes
        self.crc32 = 0
        self._whole, self._piece = hashlib.sha256(), hashlib.sha256()
        self._pieces: list[bytes] = []  # whole ones

    def update(self, data: bytes) -> None:
        """Goes on with `data`."""
        self._whole.update(data)
        self.crc32 = zlib.crc32(data, self.crc32)
        left = memoryview(data)
        while left:
            room = PIECE - self.size % PIECE
            self._piece.update(left[:room])
            self.size += len(left[:room])
            left = left[room:]
            if self.size % PIECE == 0:
                self._pieces.append(self._piece.digest())
                self._piece = hashlib.sha256()

    @property
    def sha256(self) -> bytes:
        """Of the whole."""
        return self._whole.digest()

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """SHA-256 of each PIECE, the last one shorter; none for a file that is not longer than one."""
        if self.size <= PIECE:
            return ()
        rest = (self._piece.digest(),) if self.size % PIECE else ()
        return (*self._pieces, *rest)
