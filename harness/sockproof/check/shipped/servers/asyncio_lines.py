"""asyncio.start_server(), which answers each line in capitals (runs in the server's own
interpreter)."""

import asyncio


async def answer_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async for line in reader:
        writer.write(line.upper())
        await writer.drain()
    writer.close()


class AsyncioLines:
    """Serves as the documentation of asyncio's streams has it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    async def main(self) -> None:
        server = await asyncio.start_server(answer_lines, self.host, self.port)
        async with server:
            await server.serve_forever()

    def serve_forever(self) -> None:
        asyncio.run(self.main())

    def close(self) -> None:
        pass
