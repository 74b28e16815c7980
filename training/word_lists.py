"""The words that fill the sentence templates, in plain spelling and singular or base form.

The generator draws by position: changing a list changes the sentences that every seed gives.
"""

from __future__ import annotations


def _words(block: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in block.split(","))


ONES = _words("""
    zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen,
    fourteen, fifteen, sixteen, seventeen, eighteen, nineteen
""")
"""Zero to nineteen, by value."""

TENS = _words("""
    twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety
""")
"""Twenty to ninety; index = tens digit - 2."""

ORDINALS = _words("""
    first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh,
    twelfth, thirteenth, fourteenth, fifteenth, sixteenth, seventeenth, eighteenth, nineteenth,
    twentieth
""")
"""First to twentieth, by value - 1."""

MONTHS = _words("""
    January, February, March, April, May, June, July, August, September, October, November,
    December
""")
"""By calendar."""

DAYS = _words("""
    Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
""")
"""By calendar."""

NAMES = _words("""
    Anna, Peter, Maria, John, Sarah, David, Emma, Michael, Laura, Thomas, Julia, Robert, Helen,
    Daniel, Alice, James, Karen, Steven, Nina, Paul, Susan, Mark, Linda, George, Kate, Simon,
    Rachel, Martin, Sophie, Andrew, Claire, Brian, Olivia, Kevin, Diana, Frank, Lucy, Oliver,
    Grace, Henry
""")
"""Common first names; none stands for a person."""

CITIES = _words("""
    London, Paris, Berlin, Madrid, New York, Boston, Chicago, Toronto, Sydney, Dublin, Vienna,
    Zurich, Oslo, Rome, Lisbon, Prague, Tokyo, Edinburgh, Manchester, Seattle, Denver, Austin
""")
"""Large, well-known cities."""

TEAMS = _words("""
    marketing, sales, design, engineering, finance, support, legal, research, product,
    operations, security, hardware, testing, planning, training
""")
"""What departments are called."""

THINGS = _words("""
    report, budget, schedule, project, contract, presentation, proposal, document, meeting,
    invoice, agenda, roadmap, release, website, server, database, network, update, product,
    prototype, survey, review, design, interview, spreadsheet, recording, caption, transcript,
    microphone, camera, keyboard, laptop, phone, ticket, feature, bug, test, plan, order,
    package, letter, email, message, room, office, question, answer, problem, solution,
    decision, deadline, launch, campaign, customer, supplier, partner, manager, engineer,
    designer, team, department, company, market, price, cost, sample, draft, chapter, lesson,
    course, exam, book, story, picture, video, song, game, house, kitchen, garden, car, train,
    bus, flight, hotel, dinner, breakfast, lunch, coffee, tea, water, bread, cheese, apple,
    window, door, table, chair, computer, battery, engine, machine, system, model, language,
    number, address, password, account, bank, card, doctor, hospital, school, university,
    library, museum, station, airport, bridge, river, mountain, beach, forest, weather, summer,
    winter, morning, evening
""")
"""Countable or not; `fix_grammar` mends what a template makes of them."""

ADJECTIVES = _words("""
    new, old, good, bad, big, small, early, late, final, first, last, important, difficult,
    easy, simple, expensive, cheap, quick, slow, clear, strange, interesting, boring, happy,
    sad, angry, tired, ready, busy, free, open, closed, full, empty, long, short, high, low,
    hot, cold, warm, heavy, light, strong, weak, clean, dirty, safe, dangerous, public, private,
    local, national, international, official, technical, beautiful, wonderful, terrible,
    perfect, possible, impossible, useful, broken, quiet, loud, dark, bright, modern, complete,
    correct, wrong, different, similar, special, popular, serious, careful, friendly, famous,
    young, rich, poor, red, blue, green, yellow, black, white, brown
""")
"""Not compared."""

VERBS = _words("""
    check, send, finish, review, discuss, write, read, open, close, start, stop, change, move,
    fix, test, update, cancel, confirm, prepare, share, record, print, copy, delete, save, buy,
    sell, order, deliver, build, design, present, explain, describe, remember, forget, find,
    lose, show, bring, take, keep, use, watch, follow, support, improve, replace, remove,
    approve, reject, schedule, postpone, plan, compare, measure, count, clean, carry, choose,
    collect, publish, translate, answer, ask about, talk about, think about, look at, work on,
    wait for, pay for, sign
""")
"""Transitive, base form; some with a particle."""

PARTICIPLES = {
    "send": "sent",
    "write": "written",
    "read": "read",
    "sell": "sold",
    "buy": "bought",
    "build": "built",
    "take": "taken",
    "keep": "kept",
    "find": "found",
    "lose": "lost",
    "show": "shown",
    "bring": "brought",
    "forget": "forgotten",
    "choose": "chosen",
    "ask about": "asked about",
    "talk about": "talked about",
    "think about": "thought about",
    "look at": "looked at",
    "work on": "worked on",
    "wait for": "waited for",
    "pay for": "paid for",
    "copy": "copied",
    "carry": "carried",
    "stop": "stopped",
    "plan": "planned",
}
"""Past participles of the verbs above that do not take -ed or -d."""
