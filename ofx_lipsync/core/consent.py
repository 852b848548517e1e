# SPDX-License-Identifier: Apache-2.0
"""What a performer has agreed to, as production wrote it down. It is a note to check against, not the agreement."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, fields
from typing import Any, Mapping, Sequence

from ofx_lipsync.core.errors import ConsentError, UsageError

STATUSES = ("pending", "cleared", "refused")
FIELDS = "performer, agreement, scope, languages, status, expires"


@dataclass(frozen=True)
class Consent:
    """The consent block of a shot.

    performer: whose face it is. agreement: the paper's number, the only part that is written into pictures.
    scope: what was agreed to, in production's words. languages: codes such as fr; empty is any.
    status: pending until somebody says cleared. expires: the last day, as 2027-01-31; empty is none.
    """

    performer: str = ""
    agreement: str = ""
    scope: str = ""
    languages: tuple[str, ...] = ()
    status: str = "pending"
    expires: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise UsageError(f"consent.status: got {self.status!r}, expected {' or '.join(STATUSES)}")
        if self.expires:
            self.last_day()

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> Consent:
        """From a table of a shot file. Raises: UsageError naming a field that there is not."""
        known = {field.name for field in fields(cls)}
        strange = sorted(set(block) - known)
        if strange:
            raise UsageError(f"consent: has no {strange[0]!r}; it has {FIELDS}")
        values = {name: _text(value) for name, value in block.items() if name != "languages"}
        given = block.get("languages", ())
        spoken = given.split(",") if isinstance(given, str) else given
        return cls(**values, languages=tuple(str(name).strip() for name in spoken if str(name).strip()))

    @classmethod
    def parse(cls, texts: Sequence[str], given: Mapping[str, Any] | None = None) -> Consent | None:
        """From `agreement`, or any of `status=cleared`, `languages=fr,de`, ...; None where nothing is said. given: what
        a shot file says, which these win over."""
        block = dict(given or {})
        for text in texts:
            name, equals, value = text.partition("=")
            block.update({name.strip(): value} if equals else {"agreement": text})
        return cls.of(block) if block else None

    @property
    def reference(self) -> str:
        """What pictures say of it."""
        return self.agreement

    def last_day(self) -> datetime.date:
        try:
            return datetime.date.fromisoformat(self.expires)
        except ValueError:
            raise UsageError(f"consent.expires: got {self.expires!r}, expected a day such as 2027-01-31") from None

    def as_dict(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def require(consent: Consent | None, language: str, today: datetime.date) -> None:
    """Nothing where the performer has agreed to this, today, in this language.

    language: of the line, empty where nobody said. Raises: ConsentError saying what is wanting.
    """
    if consent is None or not consent.agreement:
        raise ConsentError(
            "consent: there is none, and it is required here; name the agreement in the shot's [consent] block, "
            "or with --consent REF --consent status=cleared"
        )
    named = f"consent {consent.agreement}"
    if consent.status != "cleared":
        raise ConsentError(f"{named}: is {consent.status}, expected cleared; clear it with the performer first")
    if consent.expires and today > consent.last_day():
        raise ConsentError(f"{named}: ended on {consent.expires} (today is {today}); renew it with the performer")
    if consent.languages and not language:
        agreed = ", ".join(consent.languages)
        raise ConsentError(
            f"{named}: is for {agreed}, and the line's language is not said; say it with "
            "--set AudioFeature.language=CODE or in the shot file's [[line]]"
        )
    if consent.languages and not any(_same(language, agreed) for agreed in consent.languages):
        agreed = ", ".join(consent.languages)
        raise ConsentError(f"{named}: is for {agreed}, and the line is in {language}; ask for this language as well")


def _same(language: str, agreed: str) -> bool:
    """Whether fr-CA is covered by fr; fr is not by fr-CA."""
    have, want = (text.lower().replace("_", "-") for text in (language, agreed))
    return have == want or have.startswith(f"{want}-")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
