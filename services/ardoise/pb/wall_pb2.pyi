from ardoise.pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Screen(_message.Message):
    __slots__ = ("screen_id", "peer", "connected_ms", "sent", "skipped")
    SCREEN_ID_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_MS_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    screen_id: str
    peer: str
    connected_ms: int
    sent: _common_pb2.ResumeToken
    skipped: int
    def __init__(self, screen_id: _Optional[str] = ..., peer: _Optional[str] = ..., connected_ms: _Optional[int] = ..., sent: _Optional[_Union[_common_pb2.ResumeToken, _Mapping]] = ..., skipped: _Optional[int] = ...) -> None: ...

class ListScreensRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListScreensResponse(_message.Message):
    __slots__ = ("screens", "next_page_token")
    SCREENS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    screens: _containers.RepeatedCompositeFieldContainer[Screen]
    next_page_token: str
    def __init__(self, screens: _Optional[_Iterable[_Union[Screen, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
