"""What can be wrong with a database, said without its password."""

from chatsheet.core.errors import BadInput, Conflict, NotFound, Unavailable


class DatabaseUrlInvalid(BadInput):
    """`database.url` is no address of a Postgres database."""

    code = "database.url_invalid"


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or lets nobody in."""

    code = "database.unavailable"


class DatabaseUnfit(Conflict):
    """The database answers, and cannot hold what is recorded here."""

    code = "database.unfit"


class DatabaseNewer(Conflict):
    """The database was migrated by a newer version of this program."""

    code = "database.newer"


class DatabaseOlder(Conflict):
    """The database was not migrated to what this program reads."""

    code = "database.older"


class DatabaseFilled(Conflict):
    """There is something in a database that was to be filled."""

    code = "database.filled"


class DatabaseMissing(NotFound):
    """There is no database in the data folder."""

    code = "database.missing"
