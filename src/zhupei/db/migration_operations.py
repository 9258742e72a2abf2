"""Operations of migrations that keep what Tortoise's own leave out."""

from __future__ import annotations

from typing import Any

from tortoise.migrations import operations as ops

__all__ = ["CreateModel"]


class CreateModel(ops.CreateModel):
    """Makes a table with the constraints of its model.

    Tortoise's own operation notes them in the state of the migrations and makes none of them
    (tortoise-orm #2272).
    """

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None
    ) -> None:
        """Make the table, then its constraints."""
        await super().database_forward(app_label, old_state, new_state, state_editor)
        if state_editor is None:
            return
        model = new_state.apps.get_model(app_label, self.name)
        for constraint in model._meta.constraints or ():  # noqa: SLF001 - Tortoise has no public way
            await state_editor.add_constraint(model, constraint)
