# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers from the registers of Modbus devices, over TCP or a serial line, SunSpec included."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources import Clock, Sample
from evsed.sources.registers import (
    SUNSPEC,
    SUNSPEC_BASES,
    SUNSPEC_END,
    Block,
    blocks,
    number_in,
    wanted_by,
)
from evsed.sources.terms import ModbusTerm, Term, scaled

TIMEOUT_S: Final = 5.0
"""All requests of one reading together; the first one of a SunSpec device has twice as long."""

REQUEST_S: Final = 1.5
"""One request and its answer: 10 registers at 2400 baud take 0.2 s, and a bridge may queue."""

MOST_MODELS: Final = 60
"""More models than any SunSpec device has; a chain that goes on beyond is not one."""

_LOG_OF_LIBRARY: Final = "pymodbus.logging"

_Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class ModbusSource:
    """Reads the registers of all *terms*, which are behind one connection."""

    pushes = False

    def __init__(self, terms: Iterable[ModbusTerm], *, clock: Clock = time.monotonic) -> None:
        # The library logs each failure; it is raised here in our own words, once.
        logging.getLogger(_LOG_OF_LIBRARY).disabled = True
        self._terms = tuple(terms)
        self._url = self._terms[0].url
        self._clock = clock
        for term in self._terms:
            wanted_by(term, 0)  # a wrong type is refused now, and not at the first reading
        self._client = _client(self._url)
        self._models: dict[int, tuple[tuple[int, int], ...]] = {}

    async def read(self, patience_s: float = 0.0) -> Mapping[Term, Sample]:
        """Read all registers once. Raises `SourceError` when one cannot be had."""
        del patience_s  # an answer is as new as it gets
        unknown = any(term.models and term.device_id not in self._models for term in self._terms)
        limit_s = 2 * TIMEOUT_S if unknown else TIMEOUT_S
        try:
            async with asyncio.timeout(limit_s):
                if not self._client.connected and not await self._client.connect():
                    raise SourceError(
                        text("{url} cannot be reached; check address and wiring", url=self._url)
                    )
                return await self._read()
        except TimeoutError:
            self._begin_again()
            raise SourceError(
                text(
                    "{url} did not answer in full within {limit_s:g} s",
                    url=self._url,
                    limit_s=limit_s,
                )
            ) from None
        except (ModbusException, OSError) as error:
            self._begin_again()
            raise SourceError(
                text("{url} does not answer ({error})", url=self._url, error=str(error))
            ) from None
        except SourceError:
            self._begin_again()
            raise

    async def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _begin_again(self) -> None:
        """After a failure nothing is relied on: a late answer must not pass for the next one's."""
        self._client.close()
        self._models.clear()

    async def _read(self) -> dict[Term, Sample]:
        bases = {term: await self._base(term) for term in self._terms}
        wanted = [block for term, base in bases.items() for block in wanted_by(term, base)]
        registers: dict[tuple[int, bool, int], int] = {}
        for block in blocks(wanted):
            for offset, register in enumerate(await self._registers(block)):
                registers[block.device_id, block.input, block.start + offset] = register
        now = self._clock()
        samples: dict[Term, Sample] = {}
        for term, base in bases.items():
            value = number_in(term, base, registers)
            if not math.isnan(value):
                samples[term] = Sample(scaled(term, value), now)
            elif not term.optional:
                raise SourceError(
                    text(
                        "{url}, device {device_id}: register {register} says that the device does "
                        "not have this number",
                        url=self._url,
                        device_id=term.device_id,
                        register=base + term.register,
                    )
                )
        return samples

    async def _registers(self, block: Block) -> list[int]:
        read = self._client.read_input_registers
        if not block.input:
            read = self._client.read_holding_registers
        answer = await read(block.start, count=block.count, device_id=block.device_id)
        if answer.isError() or len(answer.registers) != block.count:
            kind = "input" if block.input else "holding"
            raise SourceError(
                text(
                    "{url}, device {device_id}: {kind} registers {start} to {end} are "
                    "refused ({answer}); check preset and device_id",
                    url=self._url,
                    device_id=block.device_id,
                    kind=kind,
                    start=block.start,
                    end=block.start + block.count - 1,
                    answer=str(answer),
                )
            )
        return list(answer.registers)

    async def _base(self, term: ModbusTerm) -> int:
        """The register from which those of *term* count: 0, or its SunSpec model's first."""
        if not term.models:
            return 0
        if term.device_id not in self._models:
            self._models[term.device_id] = await self._discover(term)
        found = [start for model, start in self._models[term.device_id] if model in term.models]
        if len(found) < term.instance:
            there = sorted({model for model, _ in self._models[term.device_id]})
            raise SourceError(
                text(
                    "{url}, device {device_id} has SunSpec models {there}, but of {wanted} not "
                    "{instance}",
                    url=self._url,
                    device_id=term.device_id,
                    there=str(there),
                    wanted=", ".join(map(str, term.models)),
                    instance=term.instance,
                )
            )
        return found[term.instance - 1]

    async def _discover(self, term: ModbusTerm) -> tuple[tuple[int, int], ...]:
        """The models of a SunSpec device, each with the register at which it begins."""
        for base in SUNSPEC_BASES:
            try:
                mark = await self._registers(Block(term.device_id, term.input, base, 2))
            except SourceError:
                continue
            if tuple(mark) == SUNSPEC:
                return await self._chain(term, base + 2)
        raise SourceError(
            text(
                "{url}, device {device_id} is no SunSpec device; check device_id, and "
                "that SunSpec over Modbus is turned on in it",
                url=self._url,
                device_id=term.device_id,
            )
        )

    async def _chain(self, term: ModbusTerm, start: int) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for _ in range(MOST_MODELS):
            block = Block(term.device_id, term.input, start, 2)
            model, length = await self._registers(block)
            if model == SUNSPEC_END or start + length + 4 > 2**16:
                break
            found.append((model, start))
            start += length + 2
        return tuple(found)


def _client(url: str) -> _Client:
    """A client for *url*. Raises `SourceError` for what is no Modbus address."""
    try:
        parts = urlsplit(url)
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if parts.scheme in {"tcp", "rtu+tcp"} and parts.hostname:
            return AsyncModbusTcpClient(
                parts.hostname,
                port=parts.port or 502,
                framer=FramerType.SOCKET if parts.scheme == "tcp" else FramerType.RTU,
                timeout=REQUEST_S,
                retries=0,
                reconnect_delay=0,
            )
        if parts.scheme == "rtu" and parts.path:
            return AsyncModbusSerialClient(
                parts.path,
                baudrate=int(options.get("baudrate", "9600")),
                parity=options.get("parity", "N"),
                stopbits=int(options.get("stopbits", "1")),
                timeout=REQUEST_S,
                retries=0,
                reconnect_delay=0,
            )
    except ValueError:
        pass
    raise SourceError(
        text(
            '"{url}" is not a Modbus address; it must look like '
            '"tcp://192.168.1.7:502" or "rtu:///dev/ttyUSB0?baudrate=9600&parity=N"',
            url=url,
        )
    )
