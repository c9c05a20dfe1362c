"""The XML interface of the eligibility terminal, spoken whole (domain/oqs-interface.md).

    from_xml.read(message, QualificationResponse)      bytes -> a typed model, tolerant
    to_xml.write(model, to_xml.SHIFT_JIS)              a typed model -> bytes, strict
    reading.read_result(message)                       bytes -> the house's own result, or why there is none
    rows.read_units(file), rows.write_searches(...)    bulk files, row by row; archive.unpacked(file) where they are zipped
    hand_off.result_file(checkin, ...)                 a check-in as the model of its result file
    consumers.write_for(DYNAMICS, model)               a result file as one claims computer takes it
    file_names.parse(name), file_names.request_name(...)

Messages, a room for each family: `qualification` (OQSsiquc01, also face files), `bulk` (OQSmuquc, and by consent or month
OQSmuhvq, OQSmuonq, OQSmutic), `registration` (OQSsiimm, OQSmuimm), `medication` (YZKsiquc01), `checkup` (TKKsiquc01). What
they are made of: `headers`, `result`, `certificates`, `ticket`, `viewing` (consents), `medical`, `prescription`,
`dispensing`, and the code tables in `codes`. How they are declared: `schema`, `kinds`. From and to bytes: `document` (the
bounds), `encoding`. How they ended: `outcome`. Rules of the field: `numbers`, `copay`, `matching`.
"""
