"""What Alembic runs: always inside a transaction that migrate() has opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
