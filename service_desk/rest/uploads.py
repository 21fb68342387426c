"""Refuses an upload that is larger than any the desk takes, before a byte of it is kept anywhere."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

#: What a form needs around its files.
_FRAME = 1024 * 1024


class LimitedUploadHandler(FileUploadHandler):
    """Looks at the announced length, which the server holds every sender to."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - as Django calls it
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > settings.FILES_CASE_BYTES + _FRAME:
            raise RequestDataTooBig("The upload is larger than the files of a case may be together.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
