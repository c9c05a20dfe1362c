from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from kiosk.record import RecordError, consent, ids
from kiosk.record.checkin import (
    MAX_BYTES,
    UNCONFIRMED,
    CardSeen,
    CheckIn,
    Eligibility,
    Identity,
    Prescription,
    from_json,
    to_json,
)
from kiosk.record.consent import CONSENT_LASTS, Consent, ConsentItem, ConsentState
from kiosk.record.dates import JST, Notice
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import (
    Certificate,
    Challenge,
    FaceClaim,
    FaceProof,
    Method,
    PinProof,
    VisualClaim,
    VisualProof,
    method_of,
)

AT = datetime(2026, 11, 21, 0, 30, 0, 123000, tzinfo=UTC)
RESULT = EligibilityResult(
    insurer_number="06132013",
    insured_symbol="１２",
    insured_number="345",
    insured_branch="01",
    name="カナリア　検査",
    name_kana="ｶﾅﾘｱ ｹﾝｻ",
    sex=Sex.FEMALE,
    birth_date=date(1941, 2, 3),
    qualified_on=date(2020, 4, 1),
    copay_ratio=30,
    preschool=True,
)
CHECKIN = CheckIn(
    checkin_id=ids.new_visit_id(),
    kiosk_id=ids.kiosk_id("kiosk-1"),
    queue_number=ids.queue_number("A012"),
    opened_at=AT,
    confirmed_at=AT + timedelta(seconds=25),
    complete=True,
    simulated=False,
    identity=Identity(Method.VISUAL, "sato"),
    card=CardSeen("0f" * 32, Notice.EXPIRING),
    eligibility=Eligibility(Source.CENTRE, Validity.VALID, AT, (RESULT,)),
    consents={**consent.no_consents(), ConsentItem.MEDICATION: consent.given(AT), ConsentItem.SURGERY: consent.REFUSED},
    prescription=Prescription.PAPER,
)

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
days = st.none() | st.dates()
results = st.builds(
    EligibilityResult,
    **{f.name: texts for f in dataclasses.fields(EligibilityResult) if f.type == "str | None"},
    sex=st.none() | st.sampled_from(Sex),
    birth_date=days,
    qualified_on=days,
    disqualified_on=days,
    copay_ratio=st.none() | st.integers(0, 100),
    preschool=st.booleans(),
    specific_disease=st.booleans(),
)
consents = st.fixed_dictionaries(
    {item: st.just(consent.NOT_ASKED) | st.just(consent.REFUSED) | instants.map(consent.given) for item in ConsentItem}
)
eligibilities = st.just(UNCONFIRMED) | st.builds(
    Eligibility,
    st.sampled_from([source for source in Source if source is not Source.NONE]),
    st.sampled_from([validity for validity in Validity if validity is not Validity.UNCONFIRMED]),
    instants,
    st.lists(results, max_size=3).map(tuple),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=5,
)
checkins = st.builds(
    CheckIn,
    checkin_id=st.integers(0, (1 << 48) - 1).map(ids.new_visit_id),
    kiosk_id=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True).map(ids.kiosk_id),
    queue_number=st.from_regex(r"[A-Z][0-9]{3}", fullmatch=True).map(ids.queue_number),
    opened_at=instants,
    confirmed_at=instants,
    complete=st.booleans(),
    simulated=st.booleans(),
    identity=st.sampled_from([Identity(Method.FACE), Identity(Method.PIN), Identity(Method.VISUAL, "staff-9")]),
    card=st.builds(
        CardSeen,
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        st.sampled_from([Notice.NONE, Notice.EXPIRING, Notice.GRACE]),
    ),
    eligibility=eligibilities,
    consents=consents,
    prescription=st.sampled_from(Prescription),
    unknown=st.dictionaries(st.from_regex(r"x_[a-z]{1,5}", fullmatch=True), json_values, max_size=3),
)


@given(checkins)
@example(CHECKIN)
def test_every_checkin_comes_back_as_it_was_written(checkin: CheckIn) -> None:
    assert from_json(to_json(checkin)) == checkin
    assert to_json(from_json(to_json(checkin))) == to_json(checkin)


def changed(**fields: object) -> bytes:
    """`CHECKIN` as JSON with some top-level fields replaced, or dropped where the value is `...`."""
    data = json.loads(to_json(CHECKIN)) | fields
    return json.dumps({key: value for key, value in data.items() if value is not ...}).encode()


def inside(section: str, **fields: object) -> bytes:
    """`CHECKIN` as JSON with some fields of one section replaced."""
    return changed(**{section: json.loads(to_json(CHECKIN))[section] | fields})


def test_the_json_is_what_the_contract_says() -> None:
    data = json.loads(to_json(CHECKIN))
    assert data["schema"] == 1
    assert data["queue_number"] == "A012"
    assert data["opened_at"] == "2026-11-21T00:30:00.123Z"
    assert data["confirmed_at"] == "2026-11-21T00:30:25.123Z"
    assert data["identity"] == {"method": "visual", "staff_id": "sato"}
    assert data["card"] == {"fingerprint": "0f" * 32, "notice": "expiring"}
    assert set(data["consents"]) == {"checkup", "medication", "diagnosis", "surgery", "specific_disease"}
    until = "2026-11-22T00:30:00.123Z"
    assert data["consents"]["medication"] == {"state": "given", "at": "2026-11-21T00:30:00.123Z", "until": until}
    assert data["consents"]["surgery"] == {"state": "refused"}
    [result] = data["eligibility"]["results"]
    assert (result["birth_date"], result["copay_ratio"], result["sex"]) == ("1941-02-03", 30, "female")
    assert "card_class" not in result, "absent elements are absent"


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    in_japan = dataclasses.replace(CHECKIN, opened_at=AT.astimezone(JST))
    assert json.loads(to_json(in_japan))["opened_at"] == "2026-11-21T00:30:00.123Z"


def test_a_time_without_a_zone_and_a_missing_number_cannot_be_written() -> None:
    with pytest.raises(RecordError, match="zone"):
        to_json(dataclasses.replace(CHECKIN, opened_at=AT.replace(tzinfo=None)))
    with pytest.raises(RecordError, match="queue number"):
        to_json(dataclasses.replace(CHECKIN, queue_number=None))


def test_unknown_fields_are_kept_and_cannot_shadow_known_ones() -> None:
    later = changed(seat={"row": [1, None, "二"]}, lane=3)
    read = from_json(later)
    assert read.unknown == {"seat": {"row": [1, None, "二"]}, "lane": 3}
    assert json.loads(to_json(read)) == json.loads(later)
    shadowed = dataclasses.replace(CHECKIN, unknown={"complete": False, "schema": 9})
    assert from_json(to_json(shadowed)) == CHECKIN


@pytest.mark.parametrize("schema", [2, 0, "1", None, True, [1], ...])
def test_an_unknown_schema_is_refused(schema: object) -> None:
    with pytest.raises(RecordError, match="schema"):
        from_json(changed(schema=schema))


@pytest.mark.parametrize("field", sorted(f.name for f in dataclasses.fields(CheckIn) if f.name != "unknown"))
def test_no_field_may_be_missing_or_of_another_kind(field: str) -> None:
    wrong: tuple[object, ...] = (..., 17, [], {}, "?")
    for value in wrong:
        with pytest.raises(RecordError):
            from_json(changed(**{field: value}))


@pytest.mark.parametrize(
    "body",
    [
        inside("identity", staff_id=None),
        inside("identity", method="pin"),
        inside("identity", method="voice"),
        inside("card", notice="beyond"),
        inside("card", fingerprint="0F" * 32),
        inside("eligibility", source="none"),
        inside("eligibility", validity="unconfirmed"),
        inside("eligibility", answered_at=None),
        inside("eligibility", results=None),
        inside("eligibility", results=["x"]),
        inside("eligibility", results=[{"copay_ratio": True}]),
        inside("eligibility", results=[{"copay_ratio": 101}]),
        inside("eligibility", results=[{"birth_date": "1941-02-30"}]),
        inside("eligibility", results=[{"name": "x" * 1001}]),
        inside("eligibility", results=[{"preschool": 1}]),
        inside("consents", medication={"state": "given"}),
        inside("consents", medication={"state": "refused", "at": "2026-11-21T00:30:00.123Z"}),
        inside("consents", medication={"state": "perhaps"}),
        inside("consents", medication=None),
        changed(complete=1),
        changed(opened_at="2026-11-21T00:30:00Z"),
        changed(opened_at="2026-11-21T00:30:00.123+09:00"),
        changed(opened_at="2026-13-21T00:30:00.123Z"),
        changed(checkin_id="00000000-0000-4000-8000-000000000000"),
        changed(queue_number="a012"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(body: bytes) -> None:
    with pytest.raises(RecordError):
        from_json(body)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff", b"{", b"[" * 100_000, b" " * (MAX_BYTES + 1), b"1" * 9999]
)
def test_what_is_no_checkin_at_all_is_one_typed_error(body: bytes) -> None:
    with pytest.raises(RecordError):
        from_json(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_checkin_or_a_typed_error(body: bytes) -> None:
    with pytest.raises(RecordError):
        from_json(body)


@given(st.sampled_from(sorted(json.loads(to_json(CHECKIN)))), json_values)
def test_any_value_in_any_field_is_a_checkin_or_a_typed_error(field: str, value: Any) -> None:
    try:
        read = from_json(changed(**{field: value}))
    except RecordError:
        return
    assert json.loads(to_json(read))[field] == value


def test_a_consent_lasts_exactly_a_day() -> None:
    assert timedelta(hours=24) == CONSENT_LASTS
    given_consent = consent.given(AT)
    assert (given_consent.at, given_consent.until) == (AT, AT + timedelta(hours=24))
    with pytest.raises(RecordError, match="24 hours"):
        Consent(ConsentState.GIVEN, AT, AT + timedelta(hours=25))
    assert set(consent.no_consents().values()) == {consent.NOT_ASKED}


def test_no_repr_shows_a_person_a_card_or_a_signature() -> None:
    certificate = Certificate(b"canary-der")
    answer = EligibilityAnswer(
        session="canary-session",
        fingerprint=certificate.fingerprint,
        source=Source.CENTRE,
        validity=Validity.VALID,
        answered_at=AT,
        simulated=True,
        results=(RESULT,),
    )
    proofs = (
        PinProof(certificate, b"canary-signature"),
        FaceProof(certificate, b"canary-assertion", b"canary-signature"),
        VisualProof(certificate, "canary-staff", b"canary-assertion", b"canary-signature"),
    )
    claims = (FaceClaim(certificate), VisualClaim(certificate, "canary-staff"))
    shown = [repr(x) for x in (CHECKIN, CHECKIN.eligibility, RESULT, answer, certificate, *proofs, *claims)]
    shown += [repr(Challenge("canary-session", b"canary-nonce-32-bytes")), f"{CHECKIN!s} {RESULT!s}", repr((CHECKIN,))]
    for text in (re.sub(r" at 0x[0-9a-f]+>", ">", each) for each in shown):  # an address may have any digits in it
        for secret in ("canary", "カナリア", "ｶﾅﾘｱ", "1941", "06132013", "345", CHECKIN.checkin_id[:8], "0f0f", "sato"):
            assert secret not in text


def test_every_claim_and_proof_has_its_method() -> None:
    certificate = Certificate(b"x")
    assert method_of(PinProof(certificate, b"")) is Method.PIN
    assert method_of(FaceClaim(certificate)) is Method.FACE
    assert method_of(FaceProof(certificate, b"", b"")) is Method.FACE
    assert method_of(VisualClaim(certificate, "s")) is Method.VISUAL
    assert method_of(VisualProof(certificate, "s", b"", b"")) is Method.VISUAL
