"""The bridge to the eligibility terminal: its folders `req`, `res` and `face`, from the receipt computer's side.

    with Terminal(settings) as terminal:
        answer = terminal.answer(NumberQuery(insured=InsuredNumber(...), birth_date=...))     a LookUpAnswer, or an error
        future = terminal.ask(ReferenceNumber(...))                                           later; may be cancelled
        receipt = terminal.submit_bulk(queries)                                               一括照会, step by step
        with terminal.fetch_bulk(receipt) as rows: ...
    for arrival in ArrivalsFolder(settings).new(): ...                                        an official reader's results

Reception runs it, for it has the insurance data and the terminal's share; a kiosk at the door has neither. Files of
others are read where they are meant for all (`face`) and otherwise left alone: never deleted, renamed or overwritten.
Facts: domain/oqs-interface.md sections 1, 5 and 8.
"""
