"""From the record to headquarters over real TLS on loopback."""

from __future__ import annotations

import base64
import json
import stat
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from lims import audit, intake, keys, outbox
from lims.errors import ConfigError
from lims.model import SampleDraft, ShipmentDraft
from reports import delivery, hub, hub_digest, hub_tls, publish, trends
from reports.delivery import OutcomeState
from reports.errors import DeliveryError, ReportError
from reports.hub_keys import enroll
from tests.services.hub_builders import DAY, LEAD, NOW, a_lab, at_moment, day_before, known


@pytest.fixture
def lab(tmp_path):
    with at_moment():
        made = a_lab(tmp_path / "lab")
        yield made
        made.close()


@contextmanager
def a_hub(lab, folder, **more):
    enroll(folder, lab.site, keys.public_key(lab))
    with hub.running(folder, vocabulary=known, **more) as running:
        delivery.configure(lab.folder, running.url, running.ca_file)
        yield running


def push(lab, **more):
    return delivery.push(lab, LEAD, pause=lambda _s: None, timeout_s=5.0, **more)


def states(outcomes):
    return [(outcome.seq, outcome.state) for outcome in outcomes]


def test_report_is_published_once_delivered_once_and_acknowledged(lab, tmp_path):
    made = publish.publish_daily(lab, LEAD, DAY)
    assert (made.report_id, made.seq, made.new) == ("NOG-2026-11-23-d", 1, True)
    assert set(made.paths) == {
        "html", "pdf", "json", "csv", "csv_guarded", "csv_figures", "sig",
    }  # fmt: skip
    with a_hub(lab, tmp_path / "hq") as running:
        assert states(push(lab)) == [(1, OutcomeState.SENT)]
        assert push(lab) == []
        assert running.store.body(made.report_id) == made.paths["json"].read_bytes()
    (item,) = outbox.items(lab)
    assert item.state == "sent"
    assert item.sha256 in item.receipt
    assert audit.verify(lab).ok


def test_publishing_the_same_day_again_changes_nothing(lab):
    first = publish.publish_daily(lab, LEAD, DAY)
    before = {kind: path.read_bytes() for kind, path in first.paths.items()}
    again = publish.publish_daily(lab, LEAD, DAY)
    assert (again.report_id, again.seq, again.new) == (first.report_id, 1, False)
    assert {kind: path.read_bytes() for kind, path in again.paths.items()} == before
    assert len(outbox.items(lab)) == 1


def test_lost_files_are_made_again_byte_for_byte(lab):
    first = publish.publish_daily(lab, LEAD, DAY)
    before = {kind: path.read_bytes() for kind, path in first.paths.items()}
    first.paths["pdf"].unlink()
    again = publish.publish_daily(lab, LEAD, DAY)
    assert {kind: path.read_bytes() for kind, path in again.paths.items()} == before


def test_provisional_report_is_completed_by_a_correction(lab):
    with at_moment(NOW - timedelta(hours=8)):
        first = publish.publish_daily(lab, LEAD, DAY)
    second = publish.publish_daily(lab, LEAD, DAY)
    assert (second.report_id, second.kind) == ("NOG-2026-11-23-d.c1", "correction")
    said = json.loads(second.paths["json"].read_bytes())
    assert said["supersedes"] == first.report_id
    assert said["reason"] == "Completes the provisional report."
    assert first.paths["json"].is_file()
    assert "Correction of NOG-2026-11-23-d" in second.paths["html"].read_text(encoding="utf-8")


def test_day_that_has_not_begun_cannot_be_reported(lab):
    with pytest.raises(ReportError, match="not begun"):
        publish.publish_daily(lab, LEAD, NOW.date() + timedelta(days=1))
    assert outbox.items(lab) == ()


def test_signature_is_over_the_exact_stored_bytes(lab):
    made = publish.publish_daily(lab, LEAD, DAY)
    beside = json.loads(made.paths["sig"].read_text())
    body, signature = made.paths["json"].read_bytes(), base64.b64decode(beside["signature"])
    assert keys.verify(keys.public_key(lab), body, signature)
    assert not keys.verify(keys.public_key(lab), body + b" ", signature)


def test_lost_acknowledgement_is_retried_and_stored_once(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)
    with a_hub(lab, tmp_path / "hq", lose_acknowledgements=1) as running:
        (outcome,) = push(lab)
        assert (outcome.state, outcome.tries) == (OutcomeState.DUPLICATE, 2)
        assert running.store.count() == 1
    assert outbox.items(lab)[0].state == "sent"


def test_report_stays_when_every_acknowledgement_is_lost(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)
    with a_hub(lab, tmp_path / "hq", lose_acknowledgements=3) as running:
        with pytest.raises(DeliveryError, match="did not acknowledge") as caught:
            push(lab)
        assert "Nothing is lost" in caught.value.hint
        (item,) = outbox.pending(lab)
        assert item.tries == 1
        due = delivery.due_at(lab, item)
        assert due is not None
        assert item.next_try <= due <= item.next_try + timedelta(seconds=2.5)
        assert push(lab, only_due=True) == []
        assert states(push(lab)) == [(1, OutcomeState.DUPLICATE)]
        assert running.store.count() == 1


def test_reports_go_in_sequence_and_stop_at_the_first_without_answer(lab, tmp_path):
    for back in (3, 2, 1):
        publish.publish_daily(lab, LEAD, day_before(back))
    with a_hub(lab, tmp_path / "hq", lose_acknowledgements=0) as running:
        assert [outcome.seq for outcome in push(lab)] == [1, 2, 3]
        assert [report.sequence for report in running.store.reports()] == [1, 2, 3]


def test_unreachable_hub_is_a_clear_error_and_nothing_is_lost(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)
    files = hub_tls.ensure(tmp_path / "hq")
    with pytest.raises(DeliveryError, match="did not acknowledge") as caught:
        push(lab, url="https://127.0.0.1:9", ca_file=files.ca)
    assert "ConnectError" in caught.value.message
    assert len(outbox.pending(lab)) == 1


def test_hub_of_another_authority_is_refused(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)
    other = hub_tls.ensure(tmp_path / "other")
    with a_hub(lab, tmp_path / "hq") as running:
        with pytest.raises(DeliveryError, match=r"(?i)certificate"):
            push(lab, url=running.url, ca_file=other.ca)
        assert running.store.count() == 0


def test_certificate_for_another_host_is_refused(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)
    files = hub_tls.ensure(tmp_path / "hq", ("hq.example",))
    with (
        tls_server(BaseHTTPRequestHandler, files) as url,
        pytest.raises(DeliveryError, match=r"(?i)certificate"),
    ):
        push(lab, url=url, ca_file=files.ca)


def test_refused_report_is_parked_for_a_person_and_the_next_goes_on(lab, tmp_path):
    body = b'{"schema":"fol.daily/9"}'
    outbox.queue(lab, LEAD, "NOG-2026-11-20-d", "daily", body, keys.sign(lab, body))
    publish.publish_daily(lab, LEAD, DAY)
    with a_hub(lab, tmp_path / "hq"):
        assert states(push(lab)) == [(1, OutcomeState.PARKED), (2, OutcomeState.SENT)]
    parked = next(item for item in outbox.items(lab) if item.seq == 1)
    assert parked.state == "parked"
    assert "wrong_schema" in parked.reason


def test_tampered_body_in_transit_is_refused(lab, tmp_path):
    made = publish.publish_daily(lab, LEAD, DAY)
    (item,) = outbox.items(lab)
    body = made.paths["json"].read_bytes().replace(b"Nogales", b"Nogalez")
    with a_hub(lab, tmp_path / "hq") as running:
        answer = raw_post(running, body, item.signature)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_signature")
        assert running.store.count() == 0


def raw_post(running, body, signature, **headers):
    sent = {
        "Content-Type": "application/json",
        "Fol-Lab": "NOG",
        "Fol-Signature": base64.b64encode(signature).decode(),
        **headers,
    }
    with httpx.Client(verify=delivery.trusting(running.ca_file), trust_env=False) as client:
        return client.post(running.url + hub.PATH, content=body, headers=sent)


def test_hub_refuses_other_content_types_and_too_much(lab, tmp_path):
    with a_hub(lab, tmp_path / "hq") as running:
        answer = raw_post(running, b"{}", b"", **{"Content-Type": "text/plain"})
        assert answer.status_code == 415
        assert raw_post(running, b" " * (hub.MAX_BYTES + 1), b"").status_code == 413
        parts = (b" " * 1_000_000 for _ in range(10))  # chunked: no length is given
        assert raw_post(running, parts, b"").status_code == 413
        garbage = raw_post(running, b"{}", b"", **{"Fol-Signature": "%%%"})
        assert garbage.json()["code"] == "bad_signature"


def test_hub_gives_no_data_back(lab, tmp_path):
    with (
        a_hub(lab, tmp_path / "hq") as running,
        httpx.Client(verify=delivery.trusting(running.ca_file), trust_env=False) as client,
    ):
        assert client.get(running.url + "/api/1/health").json()["status"] == "ok"
        assert client.get(running.url + hub.PATH).status_code == 405
        assert client.get(running.url + "/hub.db").status_code == 404


def test_answer_that_is_no_receipt_does_not_count_as_delivered(lab, tmp_path):
    publish.publish_daily(lab, LEAD, DAY)

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>please log in</html>")

        def log_message(self, *_arguments):
            pass

    files = hub_tls.ensure(tmp_path / "hq")
    with (
        tls_server(Portal, files) as url,
        pytest.raises(DeliveryError, match="without a hub's receipt"),
    ):
        push(lab, url=url, ca_file=files.ca)
    assert len(outbox.pending(lab)) == 1


@contextmanager
def tls_server(handler, files):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    server = HTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_reports_carried_by_hand_pass_the_same_checks(lab, tmp_path):
    made = publish.publish_daily(lab, LEAD, DAY)
    folder = tmp_path / "hq"
    enroll(folder, lab.site, keys.public_key(lab))
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(made.paths["json"].read_bytes() + b" ")
    damaged.with_name("damaged.json.sig").write_bytes(made.paths["sig"].read_bytes())
    paths = [made.paths["json"], damaged, tmp_path / "absent.json", made.paths["json"]]
    codes = [receipt.code for _, receipt in hub.ingest(folder, paths, vocabulary=known)]
    assert codes == ["stored", "bad_signature", "unreadable", "duplicate"]


def test_keys_are_for_their_owner_only(tmp_path):
    files = hub_tls.ensure(tmp_path)
    for path in (files.key, files.ca_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = files.certificate.read_bytes()
    assert hub_tls.ensure(tmp_path).certificate.read_bytes() == before


def test_new_host_gets_a_new_certificate_of_the_same_authority(tmp_path):
    files = hub_tls.ensure(tmp_path)
    authority, certificate = files.ca.read_bytes(), files.certificate.read_bytes()
    again = hub_tls.ensure(tmp_path, ("127.0.0.1", "localhost", "hq.example"))
    assert again.ca.read_bytes() == authority
    assert again.certificate.read_bytes() != certificate


def test_half_an_authority_is_an_error(tmp_path):
    hub_tls.ensure(tmp_path).ca_key.unlink()
    with pytest.raises(ConfigError, match="only one of"):
        hub_tls.ensure(tmp_path)


@pytest.mark.parametrize(
    "url",
    ["http://hq.example", "https://", "ftp://x", "https://u:p@hq.example", "https://h?x=1", ""],
)
def test_only_plain_https_addresses_are_hubs(tmp_path, url):
    files = hub_tls.ensure(tmp_path)
    with pytest.raises(ConfigError):
        delivery.configure(tmp_path, url, files.ca)


def test_configuration_is_checked_when_read(lab, tmp_path):
    with pytest.raises(ConfigError, match="no hub is configured"):
        delivery.configured(lab.folder)
    (lab.folder / "hub.toml").write_text('url = "https://hq.example"\nca = "x"\nextra = 1\n')
    with pytest.raises(ConfigError, match="not extra"):
        delivery.configured(lab.folder)
    (lab.folder / "hub.toml").write_text("url = [")
    with pytest.raises(ConfigError, match="cannot be read"):
        delivery.configured(lab.folder)
    with pytest.raises(ConfigError, match="no certificate"):
        delivery.configure(lab.folder, "https://hq.example", lab.folder / "hub.toml")


def test_port_in_use_is_a_clear_error(lab, tmp_path):
    with a_hub(lab, tmp_path / "hq") as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot be listened on"):
            hub.serve(tmp_path / "other", port=port)


def test_two_publishers_at_once_issue_one_report(lab):
    made, faults = [], []

    def work():
        try:
            with at_moment():
                made.append(publish.publish_daily(lab, LEAD, DAY))
        except ReportError as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(each.new for each in made) == [False, False, True]
    assert len(outbox.items(lab)) == 1


def a_parcel(lab):
    draft = ShipmentDraft(
        declared_goods="silicon dioxide", declared_value="10 USD", declared_weight="1.5 kg",
        consignor="Secret Sender Ltd", consignee="Secret Receiver", tracking="TRACK99",
        consignee_address="1 Secret Street", origin="CN", destination_country="US",
        destination="Philadelphia",
    )  # fmt: skip
    shipment = intake.add_shipment(lab, LEAD, draft)
    return intake.add_sample(lab, LEAD, shipment.number, SampleDraft(description="white powder"))


def test_record_that_changed_is_issued_as_a_correction_that_says_what_changed(lab, tmp_path):
    with at_moment(NOW - timedelta(hours=9)):
        first_sample = a_parcel(lab)
    first = publish.publish_daily(lab, LEAD, DAY)
    with at_moment(NOW - timedelta(hours=8)):
        second_sample = a_parcel(lab)
    second = publish.publish_daily(lab, LEAD, DAY, reason="entered late")
    assert (second.report_id, second.seq) == (f"{first.report_id}.c1", 2)
    said = json.loads(second.paths["json"].read_bytes())
    assert f"{second_sample.number}: added" in said["corrections"]
    assert "submitted was 1, is 2" in said["corrections"]
    assert said["reason"] == "entered late"
    assert [row["sample"] for row in said["rows"]] == [first_sample.number, second_sample.number]
    with a_hub(lab, tmp_path / "hq"):
        assert states(push(lab)) == [(1, OutcomeState.SENT), (2, OutcomeState.SENT)]
    made = hub_digest.digest(tmp_path / "hq", DAY)
    assert made.submitted == 2
    assert [each.report_id for each in made.corrections] == [second.report_id]
    assert trends.collect(lab, DAY).submitted == 2


def test_no_party_of_a_shipment_leaves_the_lab(lab):
    with at_moment(NOW - timedelta(hours=9)):
        a_parcel(lab)
    made = publish.publish_daily(lab, LEAD, DAY)
    for kind in ("html", "json", "csv", "csv_guarded"):
        data = made.paths[kind].read_bytes()
        assert b"silicon dioxide" in data
        assert b"Secret" not in data
        assert b"TRACK99" not in data
