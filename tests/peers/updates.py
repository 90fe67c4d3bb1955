"""What a client was told about the resources that it watches."""

import anyio


class Updates:
    def __init__(self):
        self.uris = []
        self.more = anyio.Event()

    def note(self, uri):
        self.uris.append(str(uri))
        self.more.set()

    async def wait(self, uri):
        """Until the resource was updated since the last time."""
        while uri not in self.uris:
            await self.more.wait()
            self.more = anyio.Event()
        self.uris.remove(uri)
