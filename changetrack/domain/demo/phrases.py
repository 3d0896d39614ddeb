"""What people write into the record in the example: notes, reasons, next steps."""

ASKED = (
    "Asked one by one after the Monday meeting; two did not answer and count as no.",
    "Show of hands in the managers' round, then each said why in a sentence.",
    "Their director asked them herself and read the answers to us.",
    "Anonymous slips in the leadership round. The doubter told us what would convince him.",
)
NOT_YET_ASKED = (
    "Polite nods, but only half would say it in front of their people.",
    "They agree there is a problem; they do not agree that it is theirs.",
)
MET = (
    "Met without us once: a good sign. Next date is fixed.",
    "Everybody there but IT. They moved the pilot forward by a week.",
    "Short, standing up, with decisions on the wall.",
)
MISSED = ("Two meetings called, each with half of them there.", "Once met, once moved at short notice.")
TOLD = (
    "Told it to a cousin from another trade, who asked when it starts.",
    "Explained it to the canteen's chef in four minutes; he retold it rightly.",
    "Told the night shift, who were not in the room when it was written. They want in.",
    "Told a supplier on the phone. Understood at once, and asked whether they could have it too.",
)
NOT_YET_TOLD = ("It took a quarter of an hour and ended in slides.", "Understood, but met with a shrug.")
REACHED = (
    "Shift talks, notice boards, and the works council's letter.",
    "Town hall, then every team lead in their own meeting.",
    "Intranet, posters in the hall, and the monthly briefing.",
)
GRASPED = (
    "Asked at random at the entrance what changes for them on Monday.",
    "Five from each shift, by somebody from another site.",
)
BY_HAND = (
    "Opened it unasked in our meeting to settle an argument.",
    "Does the morning round in it, and showed us yesterday's.",
)
FIRST_TASKS = (
    "Counted by their team leads, with names and days.",
    "The last two did it with a colleague beside them.",
)
PERMITTED = (
    "Supervisors keep Wednesday afternoons free for it until the summer.",
    "Two hours a week for each of them, in the roster, not on top.",
)
NEXT = (
    "The sister company asked for it, and their own people run the kick-off.",
    "They apply the same way of working to purchasing, with no prompting from us.",
)
PROPOSED = (
    "All of it holds; the sponsor repeated it in front of the managers.",
    "Ready from what I see. Please look at the numbers with fresh eyes.",
    "Evidence is a week old at most. I would go on.",
)
SECONDED = ("I was in the room; it is as it says.", "Read it twice, rang their team lead, agree.")
EXCEPTED = {
    3: (
        "Their lawyers still read the outcome agreement. The pilot starts on Monday with or without the signature.",
        "The outcome is agreed by word; the beneficiary is on leave. Waiting would cost the season.",
    ),
    4: (
        "Usage is not connected yet. Two of the coalition showed us on their own screens.",
        "The roll-out date is theirs and fixed. We make up for the rest on the way.",
    ),
    5: (
        "First tasks are done on paper lists until the connection works. We saw the lists.",
        "Works council has agreed orally; the paper follows within the month.",
    ),
}
WENT_BACK = {
    "evidence_lost": "The survey was taken in the wrong department. Asked again, it does not hold.",
    "sponsor_left": "The sponsor left for another company. Her successor wants to hear it all from the start.",
    "reorganisation": "Two sites were put under one director; half of the coalition has other work now.",
    "use_lapsed": "After the season nobody opened it for three weeks. The habit was not there yet.",
    "claimed_too_early": "We moved on because the launch date was near. The people affected had not heard of it.",
    "other": "The customer asked to take this step again, with the second site from the beginning.",
}
HELD = (
    "New ERP goes live in spring: no other change until then, says their management.",
    "Year-end business: nobody has a free hand before it is done.",
    "Merger talks; all projects wait for the new board.",
    "The works council has asked for time to read the agreement.",
)
CLOSED = {
    "churned": "They went back to spreadsheets when the budget was cut. The sponsor had left in spring.",
    "merged": "Taken over by a group that runs its own platform for this.",
    "never_started": "Bought in the old year's last week; nobody ever asked for it.",
    "other": "That site was closed. The people who carried it took it along to the next.",
}
TAKEN_BACK = "It was the pilot group only; the rest was not asked."
NEXT_STEPS = (
    "Spend a morning beside those who use it, and write down what stops them",
    "Breakfast with the sponsor: which of the three doubts is the real one?",
    "Half a day with the new coalition, at their place",
    "Read the numbers together with their controller",
    "Let their best user show it to the second site herself",
)
DECIDED = {
    "revive": "Their new head of operations wants it. Start again with her, and with one site only.",
    "park": "They put all projects on hold until the new budget is through.",
    "close": "They have gone another way; we part as friends.",
}
OUR_PROMISES = (
    "Send the plan of the second month, with the names in it",
    "Show the night shift how it is done, at their own machines",
    "Find out why the export stops at a thousand rows",
    "Bring somebody who has gone the same way",
)
THEIR_PROMISES = (
    "Free two people for one morning a week",
    "Put it on the agenda of the managers' round",
    "Take the old form out of the tray",
)
KEPT = ("Done, and they were there.", "Done a day early.", "Done; two questions came of it.")
PUT_OFF = ("Their room was taken; agreed with them on another day.", "They asked for a week more.")
DROPPED = "They have done it themselves in the meantime."
REPLIES = (
    "“Later than we thought, but it goes on.”",
    "“My people ask when the second site gets it.”",
    "“One thing still takes us longer than before.”",
    "“We have talked it over among ourselves.”",
    "“Come by on Thursday, then you see it.”",
)
SNOOZED = ("Their stock-taking week: nobody is reachable.", "They are closed for a week and back on Monday.")
