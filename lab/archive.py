"""Files for containers, as the tar archives that Docker unpacks in them."""

import io
import tarfile
import time


class Archive:
    """A tar archive in memory; paths are without the leading slash."""

    def __init__(self) -> None:
        """It is empty."""
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w")  # noqa: SIM115 - closed by `packed`

    def file(self, path: str, text: str | bytes, mode: int, owner: int = 0) -> None:
        """Adds a file."""
        content = text.encode() if isinstance(text, str) else text
        entry = self._entry(path, mode, owner)
        entry.size = len(content)
        self._tar.addfile(entry, io.BytesIO(content))

    def directory(self, path: str, mode: int, owner: int = 0) -> None:
        """Adds a directory, whose owner and mode the files in it would not decide."""
        entry = self._entry(path, mode, owner)
        entry.type = tarfile.DIRTYPE
        self._tar.addfile(entry)

    def link(self, path: str, target: str) -> None:
        """Adds a symbolic link."""
        entry = self._entry(path, 0o777, 0)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def packed(self) -> bytes:
        """The whole archive; nothing can be added afterwards."""
        self._tar.close()
        return self._bytes.getvalue()

    @staticmethod
    def _entry(path: str, mode: int, owner: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(path)
        entry.mode, entry.uid, entry.gid, entry.mtime = mode, owner, owner, int(time.time())
        return entry
