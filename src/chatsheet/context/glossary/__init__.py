"""What a person says about a sheet for the model: what words mean, and questions with the SQL that answers them."""
