"""WallService: which screens are connected."""

import grpc

from ardoise.chassis.paging import paginate
from ardoise.chassis.rpc import OPERATORS, Servicer
from ardoise.mediawall.screens import Screens
from ardoise.pb import wall_pb2, wall_pb2_grpc

SCREENS_PAGE, MOST_SCREENS_PAGE = 50, 500


class WallService(wall_pb2_grpc.WallServiceServicer):
    """The contract of proto/ardoise/v1/wall.proto."""

    def __init__(self, screens: Screens) -> None:
        self._screens = screens

    def servicer(self) -> Servicer:
        """Itself with who may call what."""
        add = wall_pb2_grpc.add_WallServiceServicer_to_server
        return Servicer(self, add, "ardoise.v1.WallService", {"*": OPERATORS})

    async def ListScreens(
        self, request: wall_pb2.ListScreensRequest, context: grpc.aio.ServicerContext
    ) -> wall_pb2.ListScreensResponse:
        """Longest connected first. A screen that goes while somebody turns pages may make the next one skip one."""
        del context
        screens, token = paginate(
            list(self._screens),
            request.page_size,
            request.page_token,
            default=SCREENS_PAGE,
            most=MOST_SCREENS_PAGE,
            scope="screens",
        )
        return wall_pb2.ListScreensResponse(
            screens=[screen.message() for screen in screens], next_page_token=token
        )
