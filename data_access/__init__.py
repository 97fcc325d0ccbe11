"""Everything that talks to PostgreSQL; nothing here imports streamlit."""
