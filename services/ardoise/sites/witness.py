"""Who is the third voter of etcd: the truck, or a member in a region that stands in for it while it is off. Pure."""

from ardoise.pb.sites_pb2 import EtcdMember, SiteReport, SitesStatus

SUFFIX = "-stand-in"
VOTERS = 3


def stand_in_of(region: str) -> str:
    """Name of the member that a region has for it."""
    return f"{region}{SUFFIX}"


def is_witness(member: EtcdMember, edge: str) -> bool:
    """Whether it is a member that is third to both regions' own."""
    return member.site == edge or member.site.endswith(SUFFIX)


def votes(member: EtcdMember) -> bool:
    """Whether it answers, has a leader and a vote."""
    return member.healthy and not member.learner


def wanted(status: SitesStatus, who: str) -> str:
    """The member that is to be third. Of the two stand-ins that of the standby's region: the loss of the primary's then
    leaves two."""
    if who != SUFFIX.removeprefix("-"):
        return who
    standby = next(one.region for one in status.promotions if not one.primary)
    return stand_in_of(standby)


def objections(status: SitesStatus, who: str) -> list[str]:
    """What stands against moving the third vote now, for people; nothing: go on."""
    edge = next(site.site for site in status.sites if not site.region)
    choices = (edge, SUFFIX.removeprefix("-"))
    if who not in choices:
        return [f"there is no witness {who}: there are {' and '.join(choices)}"]
    if not any(one.primary for one in status.promotions):
        return ["no primary is seen: whoever votes has to be left as it is"]
    etcd = next((site.report for site in status.sites if site.site == status.seen_from), SiteReport()).etcd
    if (answering := sum(map(votes, etcd))) != VOTERS:
        return [f"{answering} of {VOTERS} voters of etcd answer: a vote is moved only while all of them do"]
    reached = {site.site for site in status.sites if site.HasField("report")}
    if who == edge and edge not in reached:
        return [f"{edge} does not answer"]
    return []
