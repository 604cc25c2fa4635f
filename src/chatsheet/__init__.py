"""ChatSheetAI: talk to your spreadsheets on your own Azure OpenAI, inside your own network."""
