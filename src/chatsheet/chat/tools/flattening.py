"""A query over a query that only picks rows and columns, as one query: so that its rows can be traced to the tables. Pure.

It answers None wherever the two might not be the same; then the inner one stays a subquery.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from chatsheet.sheets.model import ROW_ID

Tables = Mapping[str, Sequence[str]]
"""SQL name → column names."""

_PLAIN = frozenset({"kind", "expressions", "from_", "joins", "where", "order"})
"""What an inner query may have."""
_UNORDERED = (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg, exp.Median)
_NESTED = (exp.With, exp.Window, exp.AggFunc, exp.Anonymous)


def flatten(outer: exp.Select, place: exp.Table, inner: exp.Expr, tables: Tables) -> exp.Select | None:
    """Return `outer` with `inner`, which stands at `place`, merged into it."""
    if not isinstance(inner, exp.Select) or not _can_be_merged(outer, place):
        return None
    outputs = _outputs(inner, tables)
    if outputs is None:
        return None
    given = {made.alias.casefold(): made.unalias() for made in outer.expressions if isinstance(made, exp.Alias)}
    names = {place.alias_or_name.casefold(), ""}
    for alias, made in given.items():
        if alias in outputs and not (isinstance(made, exp.Column) and made.name.casefold() == alias):
            return None  # ORDER BY means the alias, GROUP BY the column
    for column in outer.find_all(exp.Column):
        name = column.name.casefold()
        is_star = isinstance(column.this, exp.Star)
        if is_star or column.table.casefold() not in names or (name not in outputs and (column.table or name not in given)):
            return None
    if inner.args.get("order") and not _keeps_order(outer) and not _needs_no_order(outer):
        return None
    return _merge(outer, inner, outputs)


def _can_be_merged(outer: exp.Select, place: exp.Table) -> bool:
    from_: exp.From | None = outer.args.get("from_")
    alias: exp.TableAlias | None = place.args.get("alias")
    if from_ is None or from_.this is not place or outer.args.get("joins") or (alias is not None and alias.columns):
        return False
    is_odd = any(value for star in outer.find_all(exp.Star) for value in star.args.values())
    return not is_odd and outer.parent is None and len(list(outer.find_all(exp.Select))) == 1


def _keeps_order(outer: exp.Select) -> bool:
    """Tell whether rows come as they are sorted inside: it only picks some."""
    is_plain = all(isinstance(made.unalias(), exp.Star | exp.Column) for made in outer.expressions)
    return is_plain and not any(outer.args.get(part) for part in ("order", "group", "distinct"))


def _needs_no_order(outer: exp.Select) -> bool:
    """Tell whether what it gives is the same however the rows inside are sorted."""
    if any(outer.args.get(part) for part in ("limit", "offset", "qualify")) and not outer.args.get("order"):
        return False
    made = list(outer.find_all(exp.AggFunc, exp.Window, exp.Anonymous))
    return all(isinstance(one, _UNORDERED) for one in made) and bool(made or outer.args.get("group") or outer.args.get("order"))


def _outputs(inner: exp.Select, tables: Tables) -> dict[str, exp.Expr] | None:
    """Return what a plain SELECT gives, by name; None for one that is not plain."""
    is_plain = all(key in _PLAIN for key, value in inner.args.items() if value)
    joins: list[exp.Join] = inner.args.get("joins") or []
    kinds = {str(join.args.get("kind") or "") for join in joins}
    if (
        not is_plain
        or inner.find(*_NESTED) is not None
        or kinds & {"SEMI", "ANTI"}
        or len(list(inner.find_all(exp.Select))) > 1
    ):
        return None
    known = {name.casefold(): columns for name, columns in tables.items()}
    sources = list(inner.find_all(exp.Table))
    if any(source.name.casefold() not in known for source in sources):
        return None
    stored = {column.casefold() for source in sources for column in (*known[source.name.casefold()], ROW_ID)}
    if any(not isinstance(c.this, exp.Star) and c.name.casefold() not in stored for c in inner.find_all(exp.Column)):
        return None
    outputs: dict[str, exp.Expr] = {}
    for made in inner.expressions:
        if made.is_star:
            if len(sources) > 1 or len(inner.expressions) > 1 or not isinstance(made, exp.Star) or any(made.args.values()):
                return None
            columns = (ROW_ID, *known[sources[0].name.casefold()])
            outputs |= {name.casefold(): exp.column(exp.to_identifier(name)) for name in columns}
        elif not made.alias_or_name or made.alias_or_name.casefold() in outputs:
            return None
        else:
            outputs[made.alias_or_name.casefold()] = made.unalias()
    return outputs


def _merge(outer: exp.Select, inner: exp.Select, outputs: Mapping[str, exp.Expr]) -> exp.Select:
    shown: list[exp.Expr] = []
    for made in outer.expressions:
        if isinstance(made, exp.Star):
            shown.extend(one.copy() for one in inner.expressions)
        elif isinstance(made, exp.Column) and outputs[made.name.casefold()].name.casefold() != made.name.casefold():
            shown.append(exp.alias_(outputs[made.name.casefold()].copy(), made.this.copy()))
        else:
            shown.append(_in_terms_of(made, outputs))
    merged = outer.copy()
    for part, clause in merged.args.items():
        if part not in {"expressions", "from_"} and isinstance(clause, exp.Expr):
            merged.set(part, _in_terms_of(clause, outputs))
    merged.set("expressions", shown)
    whole = inner.copy()
    for part in ("from_", "joins", *(["order"] if inner.args.get("order") and _keeps_order(outer) else [])):
        merged.set(part, whole.args.get(part))
    where: exp.Where | None = inner.args.get("where")
    own: exp.Where | None = merged.args.get("where")
    if where is not None:
        conditions = [where.this.copy(), *([] if own is None else [own.this])]
        merged.set("where", exp.Where(this=exp.and_(*conditions)))
    return merged


def _in_terms_of(made: exp.Expr, outputs: Mapping[str, exp.Expr]) -> exp.Expr:
    def write_out(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.name.casefold() not in outputs:
            return node
        output = outputs[node.name.casefold()].copy()
        return output if isinstance(output, exp.Column) else exp.paren(output)

    return made.copy().transform(write_out)
