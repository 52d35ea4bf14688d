import pytest

from lims.errors import RecordError
from tests.lims_builders import a_shipment


def test_act_goes_on_after_a_reading_that_failed_left_its_savepoint_open(lab):
    lab.db.conn.execute("SAVEPOINT left_open")
    assert lab.db.conn.in_transaction
    assert a_shipment(lab).number


def test_act_inside_another_is_refused_and_the_outer_one_is_kept(lab):
    with lab.writing("lee") as act:
        with pytest.raises(RecordError, match="inside another"):
            a_shipment(lab)
        act.append("person.added", {"id": "new", "name": "New", "roles": ["analyst"]})
    assert lab.db.execute("SELECT count(*) FROM person WHERE id='new'").fetchone()[0] == 1


def test_next_act_is_possible_after_one_that_failed(lab):
    with pytest.raises(ValueError, match="mine"), lab.writing("lee"):
        raise ValueError("mine")
    assert a_shipment(lab).number
