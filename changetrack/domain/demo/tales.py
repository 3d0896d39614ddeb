"""Sixty accounts and what becomes of each, as words with days before today: from the first hello to how they stand.

A tale is `owner coalition [file] | words`; its further lines stand farther in. A word is
`verb[:argument…]@days ago`, and `a-b` a stretch of days. Of those with a file, what `was` so came with the list of
that day, and each `sync` with a later one.
"""

from dataclasses import dataclass

FILES = {"crm": 500, "takeover": 170}
"""The lists that accounts came with: the old CRM, and the portfolio of a firm that was taken over. Days ago."""

_TALES = """
olu team | add@6
olu team | add@24 people:1@19
otto team | add@76
tess team crm | was:0@520
olu team | add@19 open@9 gap@4
olu team | add@41 open@33 gap0@26 ask0@12
mika team | add@98 open@90 gap@72 ask0@50
otto team | add@30 open@22 gap@12 ask@6 sign@3
olu team | add@52 open@40 gap@29 ask@9 propose@5 second:mika@4
mika team | add@44 open@36 gap@22 ask@8 propose@2
sanna team | add@29 open@20 gap@13 ask@7 people:1@5
olu team | add@93 s1@86-52 people:2@40 meet0@21 people:2@7 promise:10@9
olu loose | add@122 s1@112-54 people:3@38 ack:24@18 people:1@9
tess thread | add@90 s1@84-48 people:2@24 people:1@6 meet@5
otto team | add@162 s1@150-76 people:3@40 meet@30 ask@8
olu team | add@100 s1@92-55 people:4@38 meet@12 propose@6 second:mika@5
ines team | add@84 s1@78-50 people:4@33 meet@11 propose@4 promise:6@12 kept@7
olu team | add@152 s1@142-86 people:3@70 people:1@61 meet@40 promise:9:them@30 later:15@25
otto team | add@230 s1@224-202 s2@202-166 s3@166-132 reach@112 keep@224-0 left:1@24 back:2:sponsor_left@18
    joined@6
rashid team | add@200 s1@194-170 people:3@156 close:other@130 reopen@27 people:1@20 gap@14 ask@8 promise:20:them@9
olu team | add@90 s1@84-56 s2@56-4 vision@1 keep@84-0
olu team | add@158 s1@148-116 s2@116-40 vision@31 tell@18 tell@6 keep@116-0 offer:1@5 asked:1:agree@4
ines team | add@175 s1@165-132 s2@132-62 vision0@40 tell0@20 ack:22@14 keep@132-60
olu team | add@190 s1@180-146 s2@146-76 vision@62 tell@56 keep@146-22 deal:1:share@30 ack:8@9 promise:9@60
    dropped@53
olu team | add@182 s1@172-150 s2@150-82 vision@72 tell@52 meet@16 ack:20@15 reply@8 snooze:9@7 keep@150-40
otto team | add@215 s1@209-188 s2@188-150 s3@150-116 deal:1@113 s4@111-80 use:try@105 permit@62
    back:3:claimed_too_early@41 tell@8 keep@209-0
sanna team | add@112 s1@102-82 s2@82-32 vision@14 tell@5 keep@82-0 offer:1@3
olu team | add@226 open@216 gap@198 ask@184 sign@181 people:2@150 people:2@121 gap@100 meet@47 sign@41 vision@29
    tell@20 offer:1@15 tell@8 meet@7 notyet:1@6
olu team | add@222 open@214 gap@196 ask@172 sign@169 people:2@140 people:2@112 gap@96 meet@41 sign@36 vision@22
    tell@12 tell@5 meet@6 deal:1:own@4
olu team | add@205 s1@196-162 s2@162-116 t3@116-46 use:try@42 use:good@28 reach@21 grasp@6 hands@4 keep@196-0
mika team | add@240 s1@230-200 s2@200-130 s3@130-50 reach0@24 grasp@9 keep@230-0 promise:5@12
rashid team | add@280 s1@270-230 s2@230-150 s3:30@150-78 reach@60 keep@270-50 decide:revive:20@4
otto team | add@262 s1@252-210 s2@210-160 t3@160-88 reach@70 use:good@66 hands@30 attest:1:own@28 grasp@7 keep@252-0
olu team | add@236 s1@226-190 s2@190-120 s3@120-54 reach@33 keep@226-0 promise:14:them@40
    later:20@30 kept@18 promise:4@2
vik team | add@250 s1@240-206 s2@206-140 s3@140-57 reach@40 grasp@28 retract:4b@13 keep@240-0
olu team | add@270 s1@264-244 s2@244-210 t3@210-172 use:good@168 hold:30@140 resume@112
    t4@172-72 attest:1:own@60 task@20 permit@8 use:low@14 keep@264-0
otto team | add@260 s1@254-232 s2@232-196 s3@196-160 s4@160-112 permit0@60 keep@254-62
tess team crm | was:2@530 was:4@508 open@488 people:3@470 gap@460 sync:5@400 sync:6@300 publish@280 deal:1@215
    use:good@203 upheld:1@165-0 sync:7@150 use:low@21 ask@140 gap@138 meet@134 back:6:use_lapsed@5 publish@3 keep@140-0
olu team crm | was:2@530 was:3@505 open@490 people:3@482 gap@470 ask@455 vision@440 tell@400 tell@392
    except:3:60@370 s4@370-200 deal:1@180 use:try@168 permit@140 ack:20@9
ines team takeover | was:3@420 was:5@250 open@160 people:3@150 gap@130 ask@100 permit@40
olu team | add@300 s1@294-274 s2@274-238 t3@238-200 use:good@196 t4@200-156 upheld:1:own@146-0 t5@156-96
    deal:2@100 seats:good@91 attest:2@48 publish@9 keep@294-0
rashid team takeover | was:4@400 was:6@240 open@158 people:4@140 gap@120 deal:1@112 use:good@98
    ask@96 upheld:1@60-0 meet@20 use:low@7 ack:15@6
sanna team | add@290 s1@284-264 s2@264-232 t3@232-196 use:good@189 t4@196-150 attest:1@147 t5@150-84
    publish@12 keep@284-0
olu team crm | was:2@545 was:4@520 open@490 people:4@480 gap@466 ask@452 vision@430 tell@410 tell@404 reach@360
    grasp@330 sync:5@320 permit@280 deal:1:group@262 deal:2:group:share@260 use:good@252 seats:good@245 sync:6@240
    upheld:1@215-0 upheld:2@210-0 publish@200 sync:7@130 meet@60 hands@40 task@30 next@14 keep@490-0
otto team crm | was:3@540 was:5@510 open@480 people:3@476 gap@455 sync:6@360 publish@330 deal:1@230 use:good@217
    sync:7@190 upheld:1:own@180-0 next@95 use:none@14
mika team takeover | was:5@460 was:7@230 open@165 people:4@150 deal:1@147 use:good@140 gap@128 ask@118
    upheld:1@112-0 meet@112 vision@90 use:low@77 tell@60 tell@58 use:good@56 deal:2@40 seats:good@28 next@11 keep@165-0
olu team crm | was:4@540 was:5@515 open@494 people:4@480 gap@470 ask@462 vision@446 tell@420 tell@414 reach@380
    permit@350 sync:6@340 publish@300 grasp@300 meet@100 deal:1@292 use:good@280 sync:7@260 upheld:1:own@250-0
    deal:3@222 next@210 deal:2@150 seats:good@140 sync:8@125 upheld:2@108-0 upheld:3@70-0 hands@60 task@55 rule@20
    keep@494-0
otto team crm | was:6@538 open@491 people:2@476 gap@450 publish@420 sync:7@380 next@300 deal:1@270 use:good@259
    upheld:1@228-60 sync:8@210 rule@90 dispute:1@50
vik team crm | was:5@540 was:6@508 open@486 people:4@474 ask@452 gap@440 vision@400 tell@380 tell@376
    publish@344 sync:7@320 deal:1@281 use:good@273 next@250 upheld:1@240-82 sync:8@190 terms:1@81
    upheld:1:own@45-0 rule@30 keep@486-0
olu team crm | was:6@545 was:7@506 open@492 people:4@480 gap@468 ask@450 vision@430 tell@410 tell@402
    publish@380 next@340 sync:8@330 reach@320 grasp@315 permit@310 deal:1@298 use:good@287 deal:2:share@285 rule@280
    seats:good@273 upheld:1@255-0 upheld:2:own@240-0 meet@100 hands@100 task@95 sync:9@92 fix@40 keep@492-0
ines team crm | was:7@540 open@490 people:4@470 gap@452 ask@440 next@400 sync:8@390 rule@354 deal:1@299 use:good@294
    upheld:1:own@264-0 sync:9@60
mika team crm | was:6@530 was:7@508 open@440 people:4@420 gap@400 ask@380 sync:8@330 meet@300 deal:1@297
    use:good@287 vision@270 upheld:1@252-0 tell@240 tell@236 rule@200 sync:9@24 keep@440-0
olu team | add@215 s1@206-170 s2@170-118 vision@96 tell@80 hold:41@46 keep@206-60
olu team | add@200 s1@194-172 s2@172-136 s3@136-98 reach@84 grasp@72 hold:60@56 keep@194-70
otto team | add@172 s1@162-120 people:3@104 meet@88 hold:100@4
olu team | add@450 s1@444-422 s2@422-384 s3@384-346 reach@326 deal:1@300 use:good@294 attest:1@262
    left:1@250 use:low@245 use:none@210 withdraw:1@209 close:churned@205 keep@444-300
ines team | add@420 s1@414-392 s2@392-354 vision@336 close:merged@262
mika team | add@384 people:1@370 close:never_started@290
olu team | add@300 s1@294-272 s2@272-236 back:1:reorganisation@200 gap@190 ask@182 sign@178 meet@164 sign@160
    t3@160-55 use:good@49 reach@36 grasp@11 hands@9 keep@294-0 asked:1:attest@3
ines team | add@260 s1@254-232 s2@232-196 t3@196-160 use:try@150 s4@160-118
    withdraw:1@80 back:2:evidence_lost@74 meet@44 sign@40
    vision@32 tell@20 tell@7 keep@254-0
"""


@dataclass(frozen=True, slots=True)
class Tale:
    """One account's fate: whose it is, how its people come together, the file it came with, and its words."""

    owner: str
    coalition: str
    file: str | None
    words: tuple[str, ...]


def read_tales() -> tuple[Tale, ...]:
    """All tales, in the order in which they are dealt out."""
    tales = []
    for line in _TALES.strip().replace("\n    ", " ").splitlines():
        head, words = line.split("|")
        owner, coalition, *file = head.split()
        tales.append(Tale(owner, coalition, file[0] if file else None, tuple(words.split())))
    return tuple(tales)
