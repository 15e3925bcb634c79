"""Parking at a station: one document, many tills (PARK-01 … PARK-16).

`putting` parks a draft, `continuing` opens a parked document, `listing` is the list of unapproved documents, `errands`
is what the agent is to be told, `origin` what having been parked means for editing and approving.
"""
