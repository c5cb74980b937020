"""What reading is made of."""
