"""A form of one file and some fields, read while it arrives: ``multipart/form-data`` (RFC 7578).

No I/O: bytes go in, the file's bytes come out. Fields are small and stay in memory; the file does
not.
"""

from __future__ import annotations

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from livecaption.errors import ClientError

__all__ = ["FormReader"]

_FILE = "file"
_MOST_FIELDS = 100
_MOST_FIELD_BYTES = 256 * 1024
"""Of all fields together, names included: a long prompt and a list of names have a few thousand."""
_MOST_NAME_CHARS = 255


class FormReader:
    """Reads one form.

    Args:
        content_type: of the request.

    Raises:
        ClientError: it is not that of a form.
    """

    def __init__(self, content_type: str) -> None:
        kind, parameters = parse_options_header(content_type)
        boundary = parameters.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise ClientError(
                "Send the file in a form: multipart/form-data with a part named file.",
                code="bad_form",
            )
        self.fields: dict[str, list[str]] = {}
        """Every value of every field, in order."""
        self.file_name: str | None = None
        """What the client calls the file; None until it begins."""
        self.is_complete = False
        self._file_bytes: list[bytes] = []
        self._files = self._taken = 0
        self._header_name, self._header_value = b"", b""
        self._disposition = b""
        self._name: str | None = None
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header_name,
                    "on_header_value": self._take_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except MultipartParseError as error:
            raise _malformed() from error

    def feed(self, chunk: bytes) -> bytes:
        """Read on; return what of it belongs to the file.

        Raises:
            ClientError: the form is malformed, holds two files, or too much besides the file.
        """
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise _malformed() from error
        taken, self._file_bytes = b"".join(self._file_bytes), []
        return taken

    def finish(self) -> None:
        """Check that the form was whole.

        Raises:
            ClientError: it broke off, or held no file.
        """
        if not self.is_complete:
            raise ClientError("The upload broke off; send it again.", code="bad_form")
        if not self._files:
            raise _no_file()

    # -- called by the parser ---------------------------------------------------------------

    def _begin_part(self) -> None:
        self._disposition, self._name, self._value = b"", None, bytearray()

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name, self._header_value = b"", b""

    def _end_headers(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        name = parameters.get(b"name")
        if name is None:
            raise _malformed()
        self._name = name.decode("utf-8", "replace")
        self._count(len(name))
        if self._name == _FILE:
            self._begin_file(parameters.get(b"filename", b""))
        elif b"filename" in parameters:
            raise _no_file()  # at once: nobody wants to send all of it before

    def _begin_file(self, file_name: bytes) -> None:
        self._files += 1
        if self._files > 1:
            raise ClientError("Send one file at a time.", code="bad_form")
        # Browsers may send a whole path; it is a name for people, and never opened.
        name = file_name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        self.file_name = "".join(c for c in name if c.isprintable())[:_MOST_NAME_CHARS]

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == _FILE:
            self._file_bytes.append(data[start:end])
            return
        self._count(end - start)
        self._value += data[start:end]

    def _end_part(self) -> None:
        if self._name is None or self._name == _FILE:
            return
        values = self.fields.setdefault(self._name, [])
        values.append(self._value.decode("utf-8", "replace"))
        if sum(map(len, self.fields.values())) > _MOST_FIELDS:
            raise ClientError(f"A form may have {_MOST_FIELDS} fields.", code="bad_form")

    def _end(self) -> None:
        self.is_complete = True

    def _count(self, size: int) -> None:
        self._taken += size
        if self._taken > _MOST_FIELD_BYTES:
            raise ClientError(
                f"The fields of a form may have {_MOST_FIELD_BYTES // 1024} KiB in all.",
                code="bad_form",
            )


def _no_file() -> ClientError:
    return ClientError(
        "The form has no file in a part named file; with curl: -F file=@talk.mp3.", code="no_file"
    )


def _malformed() -> ClientError:
    return ClientError("The form is malformed; use a library to write it.", code="bad_form")
