package org.example;

import org.junit.Test;
import org.testcontainers.containers.GenericContainer;

public class DatabaseTest {
  @Test
  public void answers() {
    try (GenericContainer<?> database = new GenericContainer<>("docker.io/library/postgres:17")) {
      database.start();
    }
  }
}
