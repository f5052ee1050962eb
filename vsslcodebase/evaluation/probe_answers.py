"""What was found out about a question, with all its controls."""

from __future__ import annotations

from typing import Any, NamedTuple

from .probe_intervals import Figure

Figures = dict[str, dict[str, Figure]]  # order, what was fitted to


class Answer(NamedTuple):
    """What was found out about one question.

    Attributes:
        chance: The figure of a guess.
        num_labels: Labelled examples that probes were fitted to.
        num_videos: Test videos.
        figures: By order, then by what the probe was fitted to.
    """

    chance: float
    num_labels: int
    num_videos: int
    figures: Figures

    def shown(self, order: str) -> tuple[Figure, str]:
        """Return the figure that tables show, and what was fitted to.

        Of shuffled and frozen clips a probe fitted to such clips: what can
        be read of them. Of reversed clips one fitted to clips as
        played: whether its answers follow the direction.
        """
        fits = self.figures[order]
        name = (
            'played' if order == 'reversed' or 'same' not in fits else 'same'
        )
        return fits[name], name

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        figures = {
            order: {name: one._asdict() for name, one in fits.items()}
            for order, fits in self.figures.items()
        }
        return {**self._asdict(), 'figures': figures}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Answer:
        """Return what ``to_dict`` wrote."""
        figures = {
            order: {name: Figure(**one) for name, one in fits.items()}
            for order, fits in given['figures'].items()
        }
        return cls(**{**given, 'figures': figures})
