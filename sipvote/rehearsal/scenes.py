"""The scenes, in the order of the play: the roll, the year before, themes, vote, count, groups, and the assembly."""

import time

from ..editions.models import Phase
from . import count, day, groups, lists, proof, roll, signups, themes, vote
from . import year as years
from .ballots import Voter, replay
from .play import PAST, SEATS, YEAR, Play
from .report import say
from .stage import running
from .themes import Proposal

# Elected in June 2019, and prolonged a year later: for everybody, or in one country.
ELECTED_BEFORE = ("gender-equality", "my-activity", "shared-spaces", "sharing-economy")
PROLONGED = {"gender-equality": "", "sharing-economy": "FR"}
REAL = ("guidance", "new-prospects")  # the first two options of the profile, which win


def all_of(play: Play) -> None:
    """Play everything."""
    with play.report.scene("The roll, on the command line"):
        roll.import_roll(play)
    with running(play.stage) as seconds:
        say(f"  Server and worker run as in production, on {play.stage.base_url}")
        play.report.figure("seconds until the server answered", round(seconds, 1))
        with play.report.scene("Roles, and a second roll by upload"):
            roll.give_roles(play)
            roll.upload_rolls(play)
        with play.report.scene("2019–20, in short"):
            before = _the_year_before(play)
        with play.report.scene("2020–21: themes"):
            options, prolonged = _themes(play, before)
        with play.report.scene("2020–21: the vote"):
            words, voters = vote.hold(play, YEAR, options, play.profile.ballots)
        with play.report.scene("2020–21: the board, the count, the recount"):
            _count(play, options, words, voters)
        with play.report.scene("2020–21: workgroups"):
            made = _groups(play, dict(zip(REAL, options, strict=False)) | prolonged)
        years.move(play, YEAR, Phase.STOCKTAKE)
        with play.report.scene("2021–22: the assembly is called"):
            assembly = day.prepare(play, options[0])
        with play.report.scene("2021–22: the assembly"):
            day.hold(assembly)
        with play.report.scene("2021–22: the count, the lot, the minutes"):
            day.count(assembly)
        with play.report.scene("The last look"):
            proof.check(play, voters, made, assembly)
    for word, who in (("serve", "server"), ("work", "worker")):
        play.report.figure(f"seconds of CPU of the {who}", round(play.stage.cpu[word]))
    play.report.figure("seconds of CPU of the members and their browsers", round(time.process_time()))


def _the_year_before(play: Play) -> dict[str, Proposal]:
    """Four themes are elected in 2019, by a few voters; the server keeps the key."""
    proposals = {key: themes.real(key) for key in ELECTED_BEFORE}
    _ballot, _declined, lost = themes.invented()
    everything = [*proposals.values(), lost]
    settings = {"supporters_needed": "0", "seats": "4", "meetings": "5", "meeting_hours": "3"}
    years.plan(play, PAST, **settings, max_approvals="")
    themes.propose(play, PAST, everything)
    themes.translate(play, PAST, everything)
    years.move(play, PAST, Phase.REVIEW)
    themes.admit(play, PAST, everything)
    vote.freeze(play, PAST, "server")
    vote.open_(play, PAST)
    ballots = [(0, 1, 2, 3) if number % 5 else (4,) for number in range(play.size.past_voters)]
    replay(play, PAST, ballots, everything)
    vote.close(play, PAST)
    years.move(play, PAST, Phase.COUNT)
    page = play.organiser.go(f"/{PAST}/election/count")
    play.organiser.browser.submit(page.form("/election/count"))
    vote.publish(play, PAST)
    page = play.organiser.go(f"/{PAST}/vote/results.csv")
    elected = {
        answer for _question, answer, _votes, outcome in lists.read_csv(page.content)[1:] if outcome == "elected"
    }
    expected = {proposal.title("en") for proposal in proposals.values()}
    play.report.promise(
        "four themes are elected in 2019, with the key kept by the server", elected == expected, elected
    )
    years.move(play, PAST, Phase.STOCKTAKE)
    return proposals


def _themes(play: Play, before: dict[str, Proposal]) -> tuple[list[Proposal], dict[str, Proposal]]:
    """From proposals to the ballot; gives its options in the profile's order, and the prolonged themes."""
    ballot, declined, _lost = themes.invented()
    options = [*(themes.real(key) for key in REAL), *ballot]
    settings = {"seats": str(SEATS), "max_approvals": str(play.profile.max_approvals)}
    years.plan(
        play, YEAR, **settings, supporters_needed=str(play.size.supporters_needed), meetings="5", meeting_hours="3"
    )
    themes.gather(play, YEAR, options, declined)
    prolonged = {key: themes.prolong(play, YEAR, before[key], country) for key, country in PROLONGED.items()}
    return options, prolonged


def _count(play: Play, options: list[Proposal], words: list[str], voters: list[Voter]) -> None:
    seal = count.check_mails(play, YEAR)
    count.check_board(play, YEAR, voters)
    count.open_box(play, YEAR, words)
    count.check_result(play, YEAR, options, play.profile)
    count.recount(play, YEAR, words, seal, options, play.profile)


def _groups(play: Play, working_on: dict[str, Proposal]) -> list[groups.Group]:
    """Form the groups of that year, and fill them."""
    made = groups.real_groups(play, working_on)
    years.move(play, YEAR, Phase.SIGNUP)
    groups.form(play, made)
    signups.fill(play, made)
    same_hours = [made[number] for number in groups.SAME_HOURS]
    signups.refuse_clash(play, *same_hours)
    signups.race_in_two_tabs(play, *same_hours)
    signups.refuse_abroad(play, next(group for group in made if group.country))
    signups.give_up(play, made)
    lists.check_lists(play, made)
    lists.check_figures(play, made)
    return made
