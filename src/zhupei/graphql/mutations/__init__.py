"""Mutations: what may be done through the graph, each with one input and typed refusals.

How one is written::

    @strawberry.input(description="What withdrawing needs (撤回).")
    class WithdrawApplicationInput(Repeatable):
        application: strawberry.ID = strawberry.field(description="The application (报名).")
        reason: str = strawberry.field(description="Why (原因).")


    _withdraw = use_case(
        admissions.withdraw_application, inputs.ReasonedInput, WithdrawApplicationInput
    )


    @strawberry.type
    class ApplicationMutations:
        withdraw_application: ApplicationPayload | None = mutation(
            _withdraw, "applications.submit", description="Take one's own application back (撤回)."
        )

and the class is named as a base of `zhupei.graphql.mutations.root.Mutation`. Where more is to be
done than a use case of admissions does, the function is written out:
``async def _register(info: GraphInfo, input: RegisterInput) -> Any``.

- **One input**, named after the mutation, of a class that inherits `Repeatable`
  (``idempotencyKey``). Its fields are named as those of the use case's own input, so that `taken`
  makes one from the other (ids are read, texts bounded) and so that a refusal's ``field`` names
  what the client sent.
- **One answer**: a union ``<Object>Payload`` of the changed object and of the refusals, made with
  ``Annotated[<Object> | ActionRefused | InvalidInput | PluginProblem, strawberry.union(...)]`` and
  nullable, so that an error of one mutation leaves the others of the same request their answers.
- **One permission**, named in `mutation`: it is told in the description and listed for the
  generated matrix of tests. The use case asks it, or the function calls
  `zhupei.graphql.permissions.require` first. Nobody who is not signed in comes so far.
- **Refusals are answers.** A function returns what its use case returned: the changed object, a
  `Refusal` or an `AccessRefusal`; `mutation` shows it. What is not permitted is an error
  (UNAUTHENTICATED, FORBIDDEN), as for fields; so is DATABASE_UNAVAILABLE. Anything else in
  ``errors`` is a bug.
- **Repeated requests** do nothing twice: use cases of admissions keep the key themselves; all
  others run in `once`.
"""
