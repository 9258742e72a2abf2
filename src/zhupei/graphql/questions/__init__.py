"""Questions: what is asked, worked out before it is answered, and kept while it is asked again.

`operations` holds one operation of a document, `preparing` reads a document into one, `arguments`
reads what its fields are given, and `known` keeps operations and the questions asked of them.
"""

from zhupei.graphql.questions.arguments import Argued, RunArguments
from zhupei.graphql.questions.known import Questions
from zhupei.graphql.questions.operations import Operation
from zhupei.graphql.questions.preparing import Prepared, Question

__all__ = ["Argued", "Operation", "Prepared", "Question", "Questions", "RunArguments"]
