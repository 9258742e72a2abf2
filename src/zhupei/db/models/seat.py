"""Seats: how many are taken of each quota."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

__all__ = ["SeatRow"]


class SeatRow(Model):
    """One quota: seats as published, approved increases, and seats taken.

    ``scope`` names the quota, such as ``opening:<code>``. The database itself refuses more taken
    seats than there are.
    """

    scope = fields.CharField(max_length=400, primary_key=True)
    published = fields.IntField()
    increase = fields.IntField()
    taken = fields.IntField()

    class Meta:
        table = "seat"
        constraints = (
            CheckConstraint(check="taken >= 0", name="seat_taken_not_negative"),
            CheckConstraint(check="increase >= 0", name="seat_increase_not_negative"),
            CheckConstraint(check="taken <= published + increase", name="seat_within_quota"),
        )
