"""Faults to plant: hosts and stores that each break one promise, for the simulation to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.simulation.partitions.broker import SimulatedJournal
from tests.simulation.partitions.world import Parts

from pricetime.errors import JournalFailed
from pricetime.ports import Delivery, Message, PartitionSnapshot
from pricetime.rules.partitions import Address, Input
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_chain import PartitionLink, seal


class Taken(NamedTuple):
    """What a faulty host takes for a batch."""

    messages: list[Message]
    done: list[Delivery]


class TurnsOfAll:
    """Everything is taken as it comes."""

    has_more = False

    def take(self, deliveries: Sequence[Delivery], heard: dict[Address, int]) -> Taken:
        return Taken([delivery.message for delivery in deliveries], list(deliveries))


class TurnsOfLater:
    """What has a higher number than the last is taken, and those before it are taken for heard."""

    has_more = False

    def take(self, deliveries: Sequence[Delivery], heard: dict[Address, int]) -> Taken:
        messages: list[Message] = []
        reached = dict(heard)
        for message in (delivery.message for delivery in deliveries):
            if message.number > reached.get(message.source, 0):
                reached[message.source] = message.number
                heard[message.source] = message.number - 1
                messages.append(message)
        return Taken(messages, list(deliveries))


class AppliesWhatItHasHeard(PartitionHost):
    """No message is looked up before it is applied."""

    async def take_over(self) -> None:
        self._turns = TurnsOfAll()
        await super().take_over()

    def _apply(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        for message in messages:
            self._post.hear(message)
        outputs = self._partition.apply([Input(each.source, each.records) for each in messages])
        return tuple(self._post.address(self.address, outputs))


class AppliesOutOfTurn(PartitionHost):
    """A message that comes before its turn is applied, and those before it are taken for heard."""

    async def take_over(self) -> None:
        self._turns = TurnsOfLater()
        await super().take_over()

    def _apply(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        for message in messages:
            self._post.hear(message)
        outputs = self._partition.apply([Input(each.source, each.records) for each in messages])
        return tuple(self._post.address(self.address, outputs))


class LetsTwoHostsAppend(SimulatedJournal):
    """There is no fence: the later host's batch takes the place of the earlier's."""

    def _is_taken(self, number: int) -> bool:
        return False


class AcknowledgesFirst(PartitionHost):
    """An input is acknowledged before the journal has it."""

    async def serve_once(self) -> None:
        taken = self._turns.take(await self._receive(), self._post.heard)
        messages, done = tuple(taken.messages), taken.done
        await self._inputs.acknowledge(done)
        if messages:
            batch = seal(self._end, self.address, messages, self._apply(messages))
            await self._journal.append(batch)
            self._end = PartitionLink(batch.number, batch.hash)
            await self._outputs.publish(batch.outputs)


class PublishesFirst(PartitionHost):
    """Everybody is told before the journal has it."""

    async def serve_once(self) -> None:
        taken = self._turns.take(await self._receive(), self._post.heard)
        messages, done = tuple(taken.messages), taken.done
        if messages:
            batch = seal(self._end, self.address, messages, self._apply(messages))
            await self._outputs.publish(batch.outputs)
            await self._journal.append(batch)
            self._end = PartitionLink(batch.number, batch.hash)
        await self._inputs.acknowledge(done)


class DoesNotPublishAgain(PartitionHost):
    """Who takes over trusts that all outputs have left."""

    async def take_over(self) -> None:
        outputs, self._outputs = self._outputs, _Nowhere()
        await super().take_over()
        self._outputs = outputs


class _Nowhere:
    async def publish(self, messages: Sequence[Message]) -> None:
        """Send nothing."""


class ForgetsWhatItHasHeard(PartitionHost):
    """A snapshot does not say what had been heard."""

    def snapshot(self) -> PartitionSnapshot:
        whole = super().snapshot()
        return PartitionSnapshot(whole.partition, whole.batch, whole.batch_hash, whole.state, (), whole.sent)


class ForgetsWhatItHasSent(PartitionHost):
    """A snapshot does not say what had been sent, and numbers begin anew."""

    def snapshot(self) -> PartitionSnapshot:
        whole = super().snapshot()
        return PartitionSnapshot(whole.partition, whole.batch, whole.batch_hash, whole.state, whole.heard, ())


class StaysAfterAFailure(PartitionHost):
    """A host whose append has failed goes on as if nothing had happened."""

    async def serve_once(self) -> None:
        try:
            await super().serve_once()
        except JournalFailed:
            """Stay."""


FAULTS: dict[str, tuple[Parts, set[str]]] = {
    "applies what it has heard": (Parts(host=AppliesWhatItHasHeard), {"once"}),
    "applies out of turn": (Parts(host=AppliesOutOfTurn), {"once"}),
    "has no fence": (Parts(journal=LetsTwoHostsAppend), {"chain"}),
    "acknowledges before the journal has it": (Parts(host=AcknowledgesFirst), {"lost"}),
    "publishes before the journal has it": (Parts(host=PublishesFirst), {"durable"}),
    "does not publish again": (Parts(host=DoesNotPublishAgain), {"lost"}),
    "forgets what it has heard": (Parts(host=ForgetsWhatItHasHeard), {"once", "crashed"}),
    "forgets what it has sent": (Parts(host=ForgetsWhatItHasSent), {"crashed", "numbers", "replay", "chain"}),
    "stays after a failure": (
        Parts(host=StaysAfterAFailure),
        {"crashed", "chain", "once", "replay", "numbers"},
    ),
}
"""What is planted, and the kinds of violation of which one must be found."""
