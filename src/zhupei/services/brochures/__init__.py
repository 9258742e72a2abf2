"""The use cases of brochures: submitted, approved, published (R134-R136, R210).

| use case | input | answers |
|---|---|---|
| submit_brochure | SubmitBrochureInput | Brochure |
| decide_brochure | DecideBrochureInput | Brochure |
| record_brochure_publication | RecordBrochurePublicationInput | Brochure |

Each may answer a `Refusal` instead, after which nothing has changed. The pages are frozen when
they are submitted: what was approved is what is published, whatever the configuration says later.
"""

from __future__ import annotations

from zhupei.services.brochures.approval import decide_brochure, submit_brochure
from zhupei.services.brochures.publication import record_brochure_publication
from zhupei.services.brochures.questions import (
    BrochureSituation,
    brochure_content,
    brochure_situation,
    changed_since,
    previous_program,
)
from zhupei.services.brochures.versions import brochure_versions

__all__ = [
    "BrochureSituation",
    "brochure_content",
    "brochure_situation",
    "brochure_versions",
    "changed_since",
    "decide_brochure",
    "previous_program",
    "record_brochure_publication",
    "submit_brochure",
]
