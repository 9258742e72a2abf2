"""The kitchen sink keeps the contract, as any plugin's own tests would show."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from zhupei.testing import PluginContract, Rights


class TestContract(PluginContract):
    slug: ClassVar[str] = "kitchen-sink"
    folder: ClassVar[Path] = Path(__file__).parents[1]
    rights: ClassVar[tuple[Rights, ...]] = (Rights.PLATFORM, Rights.INSTITUTION)

    def configs(self) -> dict[str, Any]:
        return {self.slug: self.host.config_models[self.slug](december_bonus="500")}
